using System.Collections.Concurrent;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.Kernel.Drops;

/// <summary>The maps of the drop counters.</summary>
internal sealed class DropMaps : IDisposable
{
    /// <summary>Set in the key of the counts that a map has taken over from another one. No map has such an id.</summary>
    private const uint Carried = 1u << 31;

    private readonly List<FileDescriptor> _open = [];
    private readonly ConcurrentDictionary<uint, RedirectErrorTotals> _countedBefore = [];
    private readonly FileDescriptor _devmapsWrite;
    private readonly FileDescriptor _devmaps;
    private readonly FileDescriptor _redirectErrors;
    private readonly FileDescriptor _redirectErrorsWrite;
    private readonly FileDescriptor _transmitDrops;
    private readonly FileDescriptor _exceptions;

    public DropMaps(DropPins pins)
    {
        try
        {
            _devmapsWrite = Open(pins.Devmaps, BpfConstants.BPF_F_WRONLY);
            _devmaps = Open(pins.Devmaps, BpfConstants.BPF_F_RDONLY);
            _redirectErrors = Open(pins.RedirectErrors, BpfConstants.BPF_F_RDONLY);
            _redirectErrorsWrite = Open(pins.RedirectErrors, BpfConstants.BPF_F_WRONLY);
            _transmitDrops = Open(pins.TransmitDrops, BpfConstants.BPF_F_RDONLY);
            _exceptions = Open(pins.Exceptions, BpfConstants.BPF_F_RDONLY);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Starts counting a devmap. A devmap that is already counted keeps its counts.</summary>
    /// <exception cref="KernelException">The kernel refused: E2BIG if there are too many devmaps.</exception>
    public void Add(uint mapId)
    {
        var result = BpfMap.InsertZeros<devmapd_redirect_errors>(_devmapsWrite, mapId);
        if (result != -Errno.EEXIST)
            KernelCall.Check(result, $"bpf_map_update_elem(counted devmaps, {mapId})");
    }

    /// <summary>
    /// Has a map take over the totals of the one before it, as they are now. Called before programs use the map, and again when none uses the one before any
    /// more: the kernel alone writes what it counts, so what is taken over stands beside it.
    /// </summary>
    /// <param name="from">The map before.</param>
    /// <param name="to">The map.</param>
    /// <param name="begins">Whether programs do not use the map yet.</param>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void Carry(uint from, uint to, bool begins)
    {
        if (begins)
            _countedBefore[to] = ReadCounted(to);
        var (before, own) = (ReadTotals(from), _countedBefore.GetValueOrDefault(to));
        var perCpu = new devmapd_redirect_errors[BpfMap.PossibleCpus];
        perCpu[0] = new devmapd_redirect_errors
        {
            target_down = before.TargetDown - own.TargetDown,
            too_long = before.TooLong - own.TooLong,
            not_accepted = before.NotAccepted - own.NotAccepted,
            other = before.Other - own.Other,
        };
        KernelCall.Check(BpfMap.UpdatePerCpu<uint, devmapd_redirect_errors>(_devmapsWrite, Carried | to, perCpu), $"bpf_map_update_elem(counted devmaps, {to})");
    }

    /// <summary>Gives a map the counts by key of the one before it.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void CopyRedirectErrors(uint from, uint to)
    {
        foreach (var (key, perCpu) in BpfMap.ReadPerCpu<devmapd_redirect_error_key, devmapd_drop, (devmapd_redirect_error_key Key, devmapd_drop[] PerCpu)>(
            _redirectErrors, "redirect errors", static (key, values) => (key, values.ToArray())))
        {
            if (key.map_id != from)
                continue;
            var result = BpfMap.UpdatePerCpu<devmapd_redirect_error_key, devmapd_drop>(_redirectErrorsWrite, key with { map_id = to }, perCpu);
            KernelCall.Check(result, $"bpf_map_update_elem(redirect errors, {to})");
        }
    }

    /// <summary>Stops counting a map.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void Remove(uint mapId)
    {
        _countedBefore.TryRemove(mapId, out _);
        foreach (var key in new[] { mapId, Carried | mapId })
        {
            var result = BpfMap.Delete(_devmapsWrite, key);
            if (result != -Errno.ENOENT)
                KernelCall.Check(result, $"bpf_map_delete_elem(counted devmaps, {mapId})");
        }
    }

    /// <summary>Stops counting all devmaps except these.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void RemoveAllBut(IReadOnlySet<uint> mapIds)
    {
        foreach (var stale in BpfMap.ReadPerCpu<uint, devmapd_redirect_errors, uint>(_devmaps, "counted devmaps", (id, _) => id & ~Carried).Where(id => !mapIds.Contains(id)).Distinct())
            Remove(stale);
    }

    public RedirectErrorTotals ReadTotals(uint mapId)
    {
        var (counted, carried) = (ReadCounted(mapId), ReadCounted(Carried | mapId));
        return new(counted.TargetDown + carried.TargetDown, counted.TooLong + carried.TooLong, counted.NotAccepted + carried.NotAccepted, counted.Other + carried.Other);
    }

    private RedirectErrorTotals ReadCounted(uint mapId)
    {
        var perCpu = new devmapd_redirect_errors[BpfMap.PossibleCpus];
        var result = BpfMap.LookupPerCpu<devmapd_redirect_errors>(_devmaps, mapId, perCpu);
        if (result == -Errno.ENOENT)
            return default;
        KernelCall.Check(result, $"bpf_map_lookup_elem(counted devmaps, {mapId})");
        RedirectErrorTotals sum = default;
        foreach (var cpu in perCpu)
            sum = new(sum.TargetDown + cpu.target_down, sum.TooLong + cpu.too_long, sum.NotAccepted + cpu.not_accepted, sum.Other + cpu.other);
        return sum;
    }

    public IEnumerable<RedirectErrorCount> ReadRedirectErrors(uint mapId) => BpfMap
        .ReadPerCpu<devmapd_redirect_error_key, devmapd_drop, (devmapd_redirect_error_key Key, devmapd_drop Sum)>(
            _redirectErrors, "redirect errors", static (key, values) => (key, Sum(values)))
        .Where(e => e.Key.map_id == mapId)
        .Select(e => new RedirectErrorCount(e.Key.key, (int)e.Key.error, e.Sum.packets, MonotonicClock.At(e.Sum.last_ns)))
        .OrderBy(e => e.KernelKey).ThenBy(e => e.Errno);

    public IEnumerable<TransmitDropCount> ReadTransmitDrops() => BpfMap
        .ReadPerCpu<devmapd_transmit_drop_key, devmapd_drop, TransmitDropCount>(_transmitDrops, "transmit drops", static (key, values) =>
        {
            var sum = Sum(values);
            return new TransmitDropCount(key.from, key.to, (int)key.error, sum.packets, MonotonicClock.At(sum.last_ns));
        })
        .OrderBy(d => d.From).ThenBy(d => d.To).ThenBy(d => d.Errno);

    public IEnumerable<XdpExceptionCount> ReadExceptions() => BpfMap
        .ReadPerCpu<devmapd_exception_key, devmapd_drop, XdpExceptionCount>(_exceptions, "XDP exceptions", static (key, values) =>
        {
            var sum = Sum(values);
            return new XdpExceptionCount(key.ifindex, key.program_id, key.action, sum.packets, MonotonicClock.At(sum.last_ns));
        })
        .OrderBy(e => e.Ifindex).ThenBy(e => e.ProgramId).ThenBy(e => e.Action);

    public void Dispose() => _open.ForEach(fd => fd.Dispose());

    private static devmapd_drop Sum(ReadOnlySpan<devmapd_drop> perCpu)
    {
        devmapd_drop sum = default;
        foreach (var cpu in perCpu)
        {
            sum.packets += cpu.packets;
            sum.last_ns = Math.Max(sum.last_ns, cpu.last_ns);
        }

        return sum;
    }

    private FileDescriptor Open(string path, uint access)
    {
        var fd = Pin.OpenMap(path, access);
        _open.Add(fd);
        return fd;
    }
}
