using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;

namespace ControlPlane.Core.Waiting;

/// <summary>Looks at a selection, again and again. Between looks it keeps the identities of at most 100 entries that did not forward.</summary>
internal sealed class EntryLook(EntrySelection selection, ControlPlaneState state, StatusEvaluators evaluators, IKernel kernel)
{
    private const int EntriesPerCheck = 4096;

    private readonly List<EntryId> _behind = [];

    /// <summary>Returns whether the selection cannot be satisfied yet, as far as a short look tells.</summary>
    public bool IsBehind()
    {
        var now = Now();
        if (now.Snapshot.Revision < selection.Revision)
            return true;
        while (_behind.Count > 0)
        {
            // An entry that is no longer selected holds nothing up: the walk that follows does not find it.
            var entry = SelectedEntry.Of(_behind[^1], now.Snapshot, now.Interfaces);
            if (selection.Selects(entry) && now.Judge(entry) is not { State: EntryState.Forwarding })
                return true;
            _behind.RemoveAt(_behind.Count - 1);
        }

        return false;
    }

    /// <summary>Walks the selection. Returns the result if the selection is satisfied, or if this is the last look; else null.</summary>
    /// <param name="isLast">Whether the wait is over. The result then names entries that do not forward.</param>
    /// <param name="cancellation">Ends the walk.</param>
    public WaitResult? Walk(bool isLast, CancellationToken cancellation)
    {
        var now = Now();
        var (selected, hasMore, unsatisfied) = (0, false, new List<UnsatisfiedEntry>());
        _behind.Clear();
        foreach (var entry in selection.Of(now.Snapshot, now.Interfaces))
        {
            if (++selected % EntriesPerCheck == 0)
                cancellation.ThrowIfCancellationRequested();
            // The rest is counted, and not judged.
            if (hasMore)
                continue;
            var verdict = now.Judge(entry);
            if (verdict is { State: EntryState.Forwarding })
                continue;
            if (_behind.Count == WaitOptions.MaxUnsatisfied)
            {
                if (!isLast)
                    return null;
                hasMore = true;
                continue;
            }

            _behind.Add(entry.Id);
            if (isLast)
                unsatisfied.Add(Reason(entry, now.KeyText(entry), verdict));
        }

        var satisfied = _behind.Count == 0 && (selected > 0 || selection.MayBeEmpty) && now.Snapshot.Revision >= selection.Revision;
        return satisfied || isLast ? new WaitResult(satisfied, now.Snapshot.Revision, selected, unsatisfied) { HasMore = hasMore } : null;
    }

    private Moment Now()
    {
        try
        {
            return new Moment(state.Current, evaluators, kernel.Interfaces.Refresh());
        }
        catch (KernelException)
        {
            // The next refresh asks again. The call has written already, and its answer must say so.
            return new Moment(state.Current, evaluators, kernel.Interfaces.Current);
        }
    }

    private static UnsatisfiedEntry Reason(SelectedEntry entry, string key, Verdict? verdict) =>
        new(entry.Id.Devmap.Name, key, verdict?.State, verdict is { } known ? known.Cause ?? known.Conditions[0] : null);

    /// <summary>The facts of one look.</summary>
    private sealed class Moment(Snapshot snapshot, StatusEvaluators evaluators, InterfaceTable interfaces)
    {
        private (DevmapState Devmap, StatusEvaluator Evaluator)? _last;

        public Snapshot Snapshot => snapshot;

        public InterfaceTable Interfaces => interfaces;

        /// <summary>Returns the verdict on an entry; null if it does not exist.</summary>
        public Verdict? Judge(SelectedEntry entry) => entry is { Devmap: { } devmap, Entry: { } placed } ? Of(devmap).Judge(placed) : null;

        public string KeyText(SelectedEntry entry) => entry is { Devmap: { } devmap, Entry: { } placed } ? Of(devmap).KeyText(placed.Record.Key) : entry.KeyText;

        // Entries of one devmap come one after the other.
        private StatusEvaluator Of(DevmapState devmap)
        {
            if (_last is not { } last || !ReferenceEquals(last.Devmap, devmap))
                _last = last = (devmap, evaluators.For(snapshot, devmap, interfaces));
            return last.Evaluator;
        }
    }
}
