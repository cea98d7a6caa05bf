using System.Globalization;
using ControlPlane.Core.Attachments;
using ControlPlane.Core.Devmaps;
using ControlPlane.Core.Entries;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Interfaces;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Devmaps;

namespace ControlPlane.Kernel.Simulated;

/// <summary>One simulated devmap, as one daemon has it open.</summary>
internal sealed class SimulatedDevmap(SimulatedHost host, SimulatedMap map, bool adopted) : IDevmap
{
    public DevmapDefinition Definition => map.Definition;

    public bool Adopted => adopted;

    public uint MapId => map.MapId;

    public uint RedirectProgramId => map.ProgramId;

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

    public void Update(WriterScope scope, uint key, uint ifindex, string? egressProgram, bool? replaces)
    {
        scope.Demand();
        lock (host.Lock)
        {
            var program = egressProgram is null ? null : ProgramToCarry(egressProgram);
            if (host.Interfaces.Find(ifindex) is null)
                throw Refusal(key, Errno.EINVAL, "EINVAL (Invalid argument)");
            if (!map.TryGet(key, out _) && map.Count >= map.Definition.MaxEntries)
                throw Refusal(key, Errno.E2BIG, "E2BIG (Argument list too long)");
            map.Set(key, new KernelEntry(ifindex, program?.ProgramId ?? 0));
        }
    }

    public bool Delete(WriterScope scope, uint key)
    {
        scope.Demand();
        lock (host.Lock)
            return map.Remove(key);
    }

    public DevmapLink Attach(WriterScope scope, InterfaceInfo ingress, AttachMode mode)
    {
        scope.Demand();
        lock (host.Lock)
        {
            var operation = $"bpf_link_create(devmap {map.Definition.Name}, {ingress.Name})";
            if (host.Interfaces.Find(ingress.Ifindex) is not { } there)
                throw new KernelException(operation, Errno.EINVAL, "EINVAL (Invalid argument)");
            if (there.XdpProgramId is not null)
                throw new KernelException(operation, Errno.EBUSY, "EBUSY (Device or resource busy)");
            if (mode == AttachMode.Native && there.XdpFeatures is { } features && !features.HasFlag(XdpFeatures.Basic))
                throw new KernelException(operation, Errno.EOPNOTSUPP, "EOPNOTSUPP (Operation not supported)");
            host.SetXdp(ingress.Ifindex, mode, map.ProgramId);
            return map.Links[ingress.Name] = new DevmapLink(ingress.Name, ingress.Ifindex, host.NextId(), mode);
        }
    }

    public bool Detach(WriterScope scope, string interfaceName)
    {
        scope.Demand();
        lock (host.Lock)
        {
            if (!map.Links.Remove(interfaceName, out var link))
                return false;
            if (link.Ifindex != 0)
                host.SetXdp(link.Ifindex, null, null);
            return true;
        }
    }

    public bool TryLookup(uint key, out KernelEntry entry)
    {
        lock (host.Lock)
            return map.TryGet(key, out entry);
    }

    public bool TryGetNextKey(uint? after, out uint next)
    {
        lock (host.Lock)
            return map.TryGetNext(after, out next);
    }

    public EntryCounters ReadCounters(uint key) => default;

    public DevmapCounters? ReadTotals() => map.Definition.Counters ? default(DevmapCounters) : null;

    public void Dispose()
    {
    }

    private LoadedProgram ProgramToCarry(string name)
    {
        if (map.Definition.ValueSize < 8)
            throw DevmapRefusals.NoEgressPrograms(map.Definition);
        return host.Programs.GetValueOrDefault(name) ?? throw DevmapRefusals.NoSuchProgram(name);
    }

    private KernelException Refusal(uint key, int errno, string text) => new(
        string.Create(CultureInfo.InvariantCulture, $"bpf_map_update_elem(devmap {map.Definition.Name}, key {key})"), errno, text);
}
