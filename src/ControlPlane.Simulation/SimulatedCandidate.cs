using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Simulation;

/// <summary>The second table of a simulated devmap.</summary>
internal sealed class SimulatedCandidate(SimulatedDevmap devmap, SimulatedHost host, SimulatedMap map) : ICandidate
{
    public Task Made => Task.CompletedTask;

    public uint MapId => Table.MapId;

    public bool IsSwitched => map.IsSwitched;

    public ISwitchGuard? Guard { get; private set; }

    public ISwitchGuard PrepareGuard(WriterScope scope, long since, bool watches)
    {
        scope.Demand();
        if (watches)
            throw new KernelException($"bpf_raw_tracepoint_open(devmap {devmap.Definition.Name})", Errno.EOPNOTSUPP, "EOPNOTSUPP (Operation not supported)");
        lock (host.Lock)
            map.Guard = new SimulatedGuardState(since);
        return Guard = new SimulatedGuard(host, map);
    }

    private SimulatedTable Table => map.Other ?? throw new InvalidOperationException("The candidate was released.");

    public void Update(WriterScope scope, uint key, uint ifindex, string? egressProgram, bool? replaces = null, EntryActions? actions = null)
    {
        scope.Demand();
        lock (host.Lock)
            Table.Set(key, devmap.ElementOf(Table, key, ifindex, egressProgram), actions);
    }

    public bool Delete(WriterScope scope, uint key)
    {
        scope.Demand();
        lock (host.Lock)
            return Table.Remove(key);
    }

    public bool TryLookup(uint key, out KernelEntry entry)
    {
        lock (host.Lock)
            return Table.TryGet(key, out entry);
    }

    public EntryActions? ReadActions(uint key)
    {
        lock (host.Lock)
            return Table.ActionsOf(key);
    }

    public void Complete(WriterScope scope, long revision)
    {
        scope.Demand();
        lock (host.Lock)
            map.OtherRevision = revision;
    }

    public void Switch(WriterScope scope)
    {
        scope.Demand();
        lock (host.Lock)
            map.Switch();
    }

    public void Release(WriterScope scope)
    {
        scope.Demand();
        lock (host.Lock)
            map.Release();
        devmap.Forget();
    }
}
