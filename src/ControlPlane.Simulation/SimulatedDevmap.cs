using System.Globalization;
using System.Numerics;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Simulation;

/// <summary>One simulated devmap, opened by one daemon.</summary>
internal sealed class SimulatedDevmap(SimulatedHost host, SimulatedMap map, bool adopted) : IDevmap
{
    public DevmapRecord Definition => map.Definition;

    public bool Adopted => adopted;

    public uint MapId => map.MapId;

    public uint RedirectProgramId => map.ProgramId;

    public IReadOnlyList<uint> ProgramIds => [map.ProgramId, map.CompletingProgramId, map.TcxProgramId];

    public IReadOnlyList<DevmapLink> Links
    {
        get
        {
            lock (host.Lock)
                return [.. map.Links.Values];
        }
    }

    public DevmapLink? FindLink(string interfaceName)
    {
        lock (host.Lock)
            return map.Links.GetValueOrDefault(interfaceName);
    }

    public void Update(WriterScope scope, uint key, uint ifindex, string? egressProgram, bool? replaces, EntryActions? actions)
    {
        scope.Demand();
        lock (host.Lock)
        {
            map.Set(key, ElementOf(map.Table, key, ifindex, egressProgram), actions);
        }
    }

    /// <summary>Returns the element that the kernel makes, unless it refuses.</summary>
    internal KernelEntry ElementOf(SimulatedTable table, uint key, uint ifindex, string? egressProgram)
    {
        var program = egressProgram is null ? null : ProgramToCarry(egressProgram);
        if (host.Interfaces.Find(ifindex) is null)
            throw Refusal(key, Errno.EINVAL, "EINVAL (Invalid argument)");
        if (!table.TryGet(key, out _) && table.Count >= table.Definition.Spec.MaxEntries)
            throw Refusal(key, Errno.E2BIG, "E2BIG (Argument list too long)");
        return new KernelEntry(ifindex, program?.ProgramId ?? 0);
    }

    public ICandidate? Candidate { get; private set; }

    public ICandidate BeginCandidate(WriterScope scope, DevmapRecord definition, int entries)
    {
        scope.Demand();
        if (Candidate is not null)
            throw new InvalidOperationException($"The devmap {Definition.Name} has a candidate.");
        lock (host.Lock)
            map.Other = new SimulatedTable(definition, host.NextId());
        return Candidate = new SimulatedCandidate(this, host, map);
    }

    public InterruptedSwitch? Interrupted { get; set; }

    public void EndInterrupted(WriterScope scope)
    {
        scope.Demand();
        lock (host.Lock)
            map.Guard = null;
        Interrupted = null;
    }

    /// <summary>The candidate was released.</summary>
    internal void Forget() => Candidate = null;

    public bool Delete(WriterScope scope, uint key)
    {
        scope.Demand();
        lock (host.Lock)
            return map.Remove(key);
    }

    public void Count(WriterScope scope, uint key)
    {
        scope.Demand();
        lock (host.Lock)
            map.Uncounted.Remove(key);
    }

    public DevmapLink Attach(WriterScope scope, InterfaceInfo ingress, AttachMode mode)
    {
        scope.Demand();
        DevmapLink link;
        lock (host.Lock)
        {
            if (map.Links.TryGetValue(ingress.Name, out var there) && there.Ifindex != 0)
                throw new KernelException($"bpf_link_create(devmap {map.Definition.Name}, {ingress.Name})", Errno.EBUSY, "EBUSY (Device or resource busy)");
            mode = mode == AttachMode.Auto ? AutoMode.For(ingress, hasTcx: true)[0] : mode;
            var program = map.ProgramFor(ingress, mode);
            var linkId = mode == AttachMode.Tcx
                ? host.AttachTcx($"devmap {map.Definition.Name}", ingress)
                : host.AttachXdp($"devmap {map.Definition.Name}", ingress, mode, program);
            link = map.Links[ingress.Name] = new DevmapLink(ingress.Name, ingress.Ifindex, linkId, mode, program);
        }

        host.NotifyFeatures(ingress.Ifindex);
        return link;
    }

    public bool Detach(WriterScope scope, string interfaceName)
    {
        scope.Demand();
        DevmapLink? link;
        lock (host.Lock)
        {
            if (!map.Links.Remove(interfaceName, out link))
                return false;
            if (link.Mode != AttachMode.Tcx)
                host.DetachXdp(link.Ifindex);
        }

        host.NotifyFeatures(link.Ifindex);
        return true;
    }

    public IRehearsal PrepareRehearsal() => new SimulatedRehearsal(this, host, new SimulatedTable(map.Definition, mapId: 0));

    public bool TryLookup(uint key, out KernelEntry entry)
    {
        lock (host.Lock)
            return map.TryGet(key, out entry);
    }

    public bool TryGetNextKey(uint? after, out uint next)
    {
        lock (host.Lock)
            return map.Table.TryGetNext(after, out next);
    }

    public uint ReadActiveMapId()
    {
        lock (host.Lock)
            return map.ActiveMapId;
    }

    public bool IsActive() => ReadActiveMapId() == MapId;

    public bool IsCounted(uint key)
    {
        lock (host.Lock)
            return !map.Uncounted.Contains(key);
    }

    public EntryTableUse? ReadTableUse()
    {
        // As large a table, and as much memory, as the kernel has for so many entries on one CPU.
        const int CounterBytes = 32;
        lock (host.Lock)
        {
            var places = 2 * (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(map.Count, 2));
            return Definition.Spec.Counters ? new EntryTableUse(map.Count, places, (double)map.Count / places, 8L * places, (long)CounterBytes * map.Count) : null;
        }
    }

    public void Activate(WriterScope scope)
    {
        scope.Demand();
        lock (host.Lock)
            map.ActiveMapId = map.MapId;
    }

    public EntryCounters ReadCounters(uint key)
    {
        lock (host.Lock)
            return map.Definition.Spec.Counters ? map.HitsOf(key) : default;
    }

    public EntryActions? ReadActions(uint key)
    {
        lock (host.Lock)
            return map.Table.ActionsOf(key);
    }

    public IReadOnlyList<ActionCount> ReadActionCounts() => [];

    public PeerUse ReadPeerUse(uint key) => map.Definition.Spec.RedirectPeer == RedirectPeer.Off ? PeerUse.Off : PeerUse.NotSupported;

    public DevmapCounters? ReadTotals() => map.Definition.Spec.Counters ? default(DevmapCounters) : null;

    public IReadOnlyList<MissedKeyCount> ReadMissedKeys() => [];

    public void Dispose()
    {
    }

    private LoadedProgram ProgramToCarry(string name)
    {
        if (map.Definition.Spec.ValueSize < 8)
            throw DevmapRefusals.NoEgressPrograms(map.Definition);
        return host.Programs.GetValueOrDefault(name) ?? throw DevmapRefusals.NoSuchProgram(name);
    }

    private KernelException Refusal(uint key, int errno, string text) => new(
        string.Create(CultureInfo.InvariantCulture, $"bpf_map_update_elem(devmap {map.Definition.Name}, key {key})"), errno, text);
}
