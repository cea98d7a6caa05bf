using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Status;

/// <summary>
/// Counts the entries of devmaps by state, and what is false about them. The facts belong to interfaces, so each group of entries is judged
/// once: the cost grows with the number of interfaces in use, and not with the number of entries.
/// </summary>
internal sealed class StateCounter(ControlPlaneState state, IKernel kernel, StatusEvaluators evaluators)
{
    /// <summary>Counts one devmap; null if it no longer exists.</summary>
    public StateCounts? Count(string devmapName)
    {
        var snapshot = state.Current;
        if (snapshot.Devmaps.GetValueOrDefault(devmapName) is not { } devmap || state.Handles.Find(devmap.Id) is not { } map)
            return null;
        var interfaces = kernel.Interfaces.Refresh();
        var evaluator = evaluators.For(snapshot, devmap, interfaces);
        var counts = new StateCounts { ProbeFrames = state.Proofs.FramesOf(devmap.Id) };
        foreach (var ((verdict, conditions), entries) in snapshot.IsRestoring ? OneByOne(devmap, map, evaluator) : ByGroup(devmap, evaluator))
        {
            counts.Add(verdict, entries);
            counts.AddFalse(conditions, entries);
        }

        foreach (var id in state.Proofs.Of(devmap.Id))
        {
            if (devmap.Entries.Find(id.KernelKey) is { } entry && map.TryLookup(id.KernelKey, out var element) && evaluator.ProofOf(entry, element) is { } proof)
                counts.Move(evaluator.Judge(EntryGroup.Of(devmap.Definition.Spec.KeySelector, entry)).State, evaluator.Judge(entry, element).State, proof.Condition);
        }

        var attachments = new AttachmentEvaluator(snapshot, map, interfaces, state.Facts);
        foreach (var attachment in devmap.Attachments.Values)
            counts.AddFalse(attachments.View(attachment).Status.Conditions, 1);
        return counts;
    }

    private static IEnumerable<(Verdict Verdict, int Entries)> ByGroup(DevmapState devmap, StatusEvaluator evaluator) =>
        devmap.Groups.Select(g => (evaluator.Judge(g.Key), g.Value));

    // After a start the kernel has some entries of a group, and others not yet.
    private static IEnumerable<(Verdict Verdict, int Entries)> OneByOne(DevmapState devmap, IDevmapReader map, StatusEvaluator evaluator) =>
        devmap.Entries.All().Select(e => (evaluator.Judge(e, e.KernelKey is { } key && map.TryLookup(key, out var element) ? element : null), 1));
}

/// <summary>Counts of one devmap.</summary>
internal sealed class StateCounts
{
    private readonly Dictionary<EntryState, long> _entries = Enum.GetValues<EntryState>().Where(s => s != EntryState.Unmanaged).ToDictionary(s => s, _ => 0L);
    private readonly Dictionary<(string Type, string Reason), long> _false = [];

    /// <summary>The entries by state. States without entries count 0.</summary>
    public IReadOnlyDictionary<EntryState, long> Entries => _entries;

    /// <summary>The entries and attachments of which a condition is False, by its type and reason.</summary>
    public IReadOnlyDictionary<(string Type, string Reason), long> False => _false;

    /// <summary>The frames that probes have sent since the start.</summary>
    public long ProbeFrames { get; init; }

    /// <summary>Adds entries of one state.</summary>
    public void Add(EntryState state, int entries) => _entries[state] += entries;

    /// <summary>Counts one entry in another state than its group, because of a proof.</summary>
    public void Move(EntryState group, EntryState entry, Condition proven)
    {
        Add(group, -1);
        Add(entry, 1);
        AddFalse([proven], 1);
    }

    /// <summary>Adds what is false about some resources.</summary>
    public void AddFalse(IEnumerable<Condition> conditions, int resources)
    {
        foreach (var condition in conditions)
        {
            if (condition.Status == ConditionStatus.False)
                _false[(condition.Type.Name, condition.Reason)] = _false.GetValueOrDefault((condition.Type.Name, condition.Reason)) + resources;
        }
    }
}
