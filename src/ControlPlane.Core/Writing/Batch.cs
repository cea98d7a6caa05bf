using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing;

/// <summary>Planned commands that are committed together and do not depend on each other.</summary>
internal sealed class Batch
{
    private readonly HashSet<(DevmapState, EntryKey)> _identities = [];
    private readonly HashSet<(DevmapState, uint)> _kernelKeys = [];
    private readonly Dictionary<string, string?> _programOf = new(StringComparer.Ordinal);
    private readonly Dictionary<DevmapState, int> _added = [];
    private bool _closed;

    public List<WriterCommand> Commands { get; } = [];

    public List<StoreChange> Store { get; } = [];

    public bool IsEmpty => Commands.Count == 0;

    /// <summary>Whether a plan can be part of the batch although it does not know of the others.</summary>
    public bool Fits(Footprint plan)
    {
        if (IsEmpty)
            return true;
        if (_closed || plan.Devmap is not { } devmap)
            return false;
        return !_identities.Contains((devmap, plan.Key))
            && !(plan.KernelKey is { } key && _kernelKeys.Contains((devmap, key)))
            && !(plan.Target is { } target && _programOf.TryGetValue(target, out var program) && program != plan.Program)
            && !(plan.Adds && devmap.Entries.Count + _added.GetValueOrDefault(devmap) >= devmap.Definition.Spec.MaxEntries);
    }

    /// <summary>Adds a planned command.</summary>
    public void Add(WriterCommand command, Footprint plan, IReadOnlyList<StoreChange> store)
    {
        Commands.Add(command);
        Store.AddRange(store);
        if (plan.Devmap is not { } devmap)
        {
            _closed = true;
            return;
        }

        _identities.Add((devmap, plan.Key));
        if (plan.KernelKey is { } key)
            _kernelKeys.Add((devmap, key));
        if (plan.Target is { } target)
            _programOf[target] = plan.Program;
        if (plan.Adds)
            _added[devmap] = _added.GetValueOrDefault(devmap) + 1;
    }
}
