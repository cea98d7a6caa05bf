using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Storage;

/// <summary>One commit as the history keeps it.</summary>
/// <param name="First">The first revision.</param>
/// <param name="Last">The last revision.</param>
/// <param name="Time">When it was stored.</param>
/// <param name="Changes">The changes of the desired state, in the order in which they take effect.</param>
internal sealed record HistoryRow(long First, long Last, DateTimeOffset Time, IReadOnlyList<StoreChange> Changes)
{
    /// <summary>Returns the row of a batch; null if the batch leaves the revision as it is.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="revision">The revision before it.</param>
    /// <exception cref="ArgumentException">The batch changes the desired state and has no revision of its own.</exception>
    public static HistoryRow? Of(StoreBatch batch, long revision)
    {
        var changes = new List<StoreChange>(batch.Changes.Count);
        foreach (var change in batch.Changes)
        {
            if (change.IsOfDesiredState)
                changes.Add(change.Revision > 0 ? change : change with { Revision = batch.Revision });
        }

        if (batch.Revision > revision)
            return new HistoryRow(changes.Count == 0 ? batch.Revision : changes.Min(c => c.Revision), batch.Revision, batch.Time, changes);
        return changes.Count == 0 && batch.Revision == revision
            ? null
            : throw new ArgumentException($"A change of the desired state needs a revision above {revision}, and not {batch.Revision}.", nameof(batch));
    }

    /// <summary>The refusals of the kernel because of which this commit takes changes of the commit before back, by the revisions of those.</summary>
    public IReadOnlyDictionary<long, string> Refusals =>
        Changes.Where(c => c.Voids > 0).DistinctBy(c => c.Voids).ToDictionary(c => c.Voids, c => c.Origin?.TakesBack ?? "");

    /// <summary>Returns the commit as readers see it, with its changes after a revision.</summary>
    /// <param name="after">The revision.</param>
    /// <param name="refusals">The <see cref="Refusals"/> of the next commit; null if there is none.</param>
    public ChangeCommit ToCommit(long after, IReadOnlyDictionary<long, string>? refusals) => new(
        First,
        Last,
        Time,
        [.. Changes.Where(c => c.Voids == 0 && c.Revision > after).OrderBy(c => c.Revision).Select(c => Record(c, refusals?.GetValueOrDefault(c.Revision)))]);

    private ChangeRecord Record(StoreChange change, string? refusal) => new(
        change.Revision, Time, change.Origin ?? ChangeOrigin.Daemon, change.Resource!, WithoutSecrets(change.Before), WithoutSecrets(change.After))
    {
        Count = (change as StoreChange.PutSwap)?.Entries ?? 1,
        Refusal = refusal,
    };

    private static IDesiredRecord? WithoutSecrets(IDesiredRecord? record) => record is TokenRecord token ? token with { Hash = "" } : record;
}
