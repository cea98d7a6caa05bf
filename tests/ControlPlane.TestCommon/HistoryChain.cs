using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.TestCommon;

/// <summary>The invariant of a history: each change begins where the one before it ended, and the last ones are the state.</summary>
public static class HistoryChain
{
    /// <summary>Returns where a history breaks; nothing if it is whole.</summary>
    /// <param name="history">The history, from the first revision on.</param>
    /// <param name="state">The state that the store has.</param>
    public static IReadOnlyList<string> FindBreaks(IChangeHistory history, StoredState state)
    {
        var commits = history.Read(0, long.MaxValue, int.MaxValue);
        if (commits is null)
            return [$"the history begins at revision {history.Floor}"];
        var (breaks, known, last) = (new List<string>(), new Dictionary<ChangedResource, IDesiredRecord>(), 0L);
        foreach (var commit in commits)
        {
            if (commit.FirstRevision <= last || commit.LastRevision < commit.FirstRevision)
                breaks.Add($"a commit has revisions {commit.FirstRevision} to {commit.LastRevision} after {last}");
            foreach (var change in commit.Changes.Where(c => c.Refusal is null))
            {
                if (change.Revision < commit.FirstRevision || change.Revision > commit.LastRevision)
                    breaks.Add($"{change} is not in {commit.FirstRevision} to {commit.LastRevision}");
                if (change.After is SwapRecord swap)
                    Apply(swap, known);
                else
                    Apply(change, known, breaks);
            }

            last = commit.LastRevision;
        }

        if (last != state.Revision)
            breaks.Add($"the history ends at {last}, and the store is at {state.Revision}");
        return [.. breaks, .. Differences(known.Values, state)];
    }

    private static void Apply(ChangeRecord change, Dictionary<ChangedResource, IDesiredRecord> known, List<string> breaks)
    {
        var before = known.GetValueOrDefault(change.Resource);
        if (!Equals(before, change.Before))
            breaks.Add($"{change} comes after {before?.ToString() ?? "nothing"}");
        if (change.After is null)
            known.Remove(change.Resource);
        else
            known[change.Resource] = change.After;
    }

    private static void Apply(SwapRecord swap, Dictionary<ChangedResource, IDesiredRecord> known)
    {
        foreach (var (resource, entry) in known.Where(k => k.Value is EntryRecord e && swap.Covers(e)).ToList())
            known[resource] = swap.Apply((EntryRecord)entry);
    }

    private static IEnumerable<string> Differences(IEnumerable<IDesiredRecord> known, StoredState state)
    {
        HashSet<IDesiredRecord> stored = [.. state.Devmaps, .. state.Entries, .. state.Attachments, .. state.Programs, .. state.Tokens.Select(t => t with { Hash = "" })];
        HashSet<IDesiredRecord> told = [.. known];
        return [.. told.Except(stored).Select(r => $"only the history has {r}"), .. stored.Except(told).Select(r => $"the history lacks {r}")];
    }
}
