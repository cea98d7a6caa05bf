using System.Buffers;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using ControlPlane.Kernel.Programs;

namespace ControlPlane.Kernel.Devmaps;

/// <summary>Reads through the read-only descriptors. Safe on any thread.</summary>
internal sealed partial class LibbpfDevmap
{
    public bool TryLookup(uint key, out KernelEntry entry)
    {
        while (true)
        {
            var elements = _elements;
            try
            {
                return elements.TryLookup(key, out entry);
            }
            catch (ObjectDisposedException) when (!ReferenceEquals(elements, _elements))
            {
                // Programs use another map by now.
            }
        }
    }

    public bool TryGetNextKey(uint? after, out uint next)
    {
        while (true)
        {
            var elements = _elements;
            try
            {
                return elements.TryGetNextKey(after, out next);
            }
            catch (ObjectDisposedException) when (!ReferenceEquals(elements, _elements))
            {
                // As above. The kernel begins with the first key if the other map lacks this one.
            }
        }
    }

    public uint ReadActiveMapId()
    {
        // Not between the two steps of a switch.
        lock (_switching)
            return _slots.ReadDevmapId();
    }

    public bool IsActive()
    {
        lock (_switching)
            return _slots.ReadDevmapId() == MapId && _ids.IsInPlace;
    }

    public bool IsCounted(uint key) => !Definition.Spec.Counters || _ids.Knows(key);

    public EntryTableUse? ReadTableUse() => Definition.Spec.Counters ? _ids.Use : null;

    public EntryCounters ReadCounters(uint key)
    {
        if (!Definition.Spec.Counters)
            return default;
        var sum = _ids.Read(key);
        return new EntryCounters(sum.packets, sum.bytes);
    }

    public EntryActions? ReadActions(uint key) => ActionConfig.ActionsOf(_ids.ActionsOf(key));

    public IReadOnlyList<ActionCount> ReadActionCounts() => _ids.ActionCounts is not { } counts ? [] :
    [
        .. BpfMap.ReadPerCpu<uint, devmapd_action_count, ActionCount>(counts, $"action counts of devmap {Definition.Name}", CountOf)
            .OrderByDescending(c => c.LastFailed).ThenBy(c => c.KernelKey),
    ];

    public DevmapCounters? ReadTotals()
    {
        if (!Definition.Spec.Counters)
            return null;
        var perCpu = ArrayPool<devmapd_totals>.Shared.Rent(BpfMap.PossibleCpus);
        try
        {
            KernelCall.Check(BpfMap.LookupPerCpu<devmapd_totals>(_totals, 0, perCpu), $"bpf_map_lookup_elem(totals of devmap {Definition.Name})");
            var cpus = perCpu.AsSpan(0, BpfMap.PossibleCpus);
            // The programs of builds before layout version 4 counted here, too.
            var (before, redirected) = (PerCpuCounter.Sum(cpus, static c => c.redirected), _ids.Total());
            var missed = PerCpuCounter.Sum(cpus, static c => c.missed);
            var unkeyed = PerCpuCounter.Sum(cpus, static c => c.unkeyed);
            var (more, actions) = (ReadMoreTotals(), ReadActionTotals());
            return new DevmapCounters(
                before.packets + redirected.packets, before.bytes + redirected.bytes, missed.packets, missed.bytes, unkeyed.packets, unkeyed.bytes,
                more.checksums_completed, more.checksums_incomplete, more.egress_programs, ReadToPeers(), actions.failed, actions.expired);
        }
        finally
        {
            ArrayPool<devmapd_totals>.Shared.Return(perCpu);
        }
    }

    private ulong ReadToPeers()
    {
        if (_toPeers is null)
            return 0;
        Span<ulong> perCpu = new ulong[BpfMap.PossibleCpus];
        KernelCall.Check(BpfMap.LookupPerCpu(_toPeers, 0, perCpu), $"bpf_map_lookup_elem(to_peers of devmap {Definition.Name})");
        var sum = 0ul;
        foreach (var cpu in perCpu)
            sum += cpu;
        return sum;
    }

    public PeerUse ReadPeerUse(uint key) =>
        Definition.Spec.RedirectPeer == RedirectPeer.Off ? PeerUse.Off : _judge is null ? PeerUse.NotSupported : Judge(_judge, key);

    // The program takes its key from the beginning of the frame. A frame has an Ethernet header at least.
    private static unsafe PeerUse Judge(FileDescriptor program, uint key)
    {
        const int Bytes = 64;
        var frame = stackalloc byte[Bytes];
        new Span<byte>(frame, Bytes).Clear();
        *(uint*)frame = key;
        var opts = new bpf_test_run_opts { sz = (nuint)sizeof(bpf_test_run_opts), data_in = frame, data_size_in = Bytes, repeat = 1 };
        int result;
        do
            result = Libbpf.bpf_prog_test_run_opts(program, &opts);
        while (KernelCall.Interrupted(result));
        KernelCall.Check(result, "bpf_prog_test_run_opts(devmapd_peer)");
        return (PeerUse)opts.retval;
    }

    private devmapd_more_totals ReadMoreTotals()
    {
        var perCpu = new devmapd_more_totals[BpfMap.PossibleCpus];
        KernelCall.Check(BpfMap.LookupPerCpu<devmapd_more_totals>(_moreTotals, 0, perCpu), $"bpf_map_lookup_elem(more totals of devmap {Definition.Name})");
        var sum = default(devmapd_more_totals);
        foreach (var cpu in perCpu)
        {
            sum.checksums_completed += cpu.checksums_completed;
            sum.checksums_incomplete += cpu.checksums_incomplete;
            sum.egress_programs += cpu.egress_programs;
        }

        return sum;
    }

    private devmapd_action_totals ReadActionTotals()
    {
        var perCpu = new devmapd_action_totals[BpfMap.PossibleCpus];
        KernelCall.Check(BpfMap.LookupPerCpu<devmapd_action_totals>(_actionTotals, 0, perCpu), $"bpf_map_lookup_elem(action totals of devmap {Definition.Name})");
        var sum = default(devmapd_action_totals);
        foreach (var cpu in perCpu)
        {
            sum.failed += cpu.failed;
            sum.expired += cpu.expired;
        }

        return sum;
    }

    private static ActionCount CountOf(uint key, ReadOnlySpan<devmapd_action_count> perCpu)
    {
        var sum = default(devmapd_action_count);
        foreach (var cpu in perCpu)
        {
            sum.failed += cpu.failed;
            sum.expired += cpu.expired;
            sum.last_failed_ns = Math.Max(sum.last_failed_ns, cpu.last_failed_ns);
        }

        return new ActionCount(key, sum.failed, sum.expired, sum.last_failed_ns == 0 ? DateTimeOffset.UnixEpoch : MonotonicClock.At(sum.last_failed_ns));
    }

    public IReadOnlyList<MissedKeyCount> ReadMissedKeys()
    {
        if (!Definition.Spec.Counters)
            return [];
        var merged = new Dictionary<uint, (ulong Packets, ulong LastNs)>();
        var perCpu = new devmapd_missed_key[BpfMap.PossibleCpus];
        for (var place = 0u; place < DevmapdConstants.DEVMAPD_MISSED_KEYS; place++)
        {
            KernelCall.Check(BpfMap.LookupPerCpu<devmapd_missed_key>(_missed, place, perCpu), $"bpf_map_lookup_elem(missed keys of devmap {Definition.Name})");
            foreach (var sample in perCpu.Where(s => s.packets > 0))
            {
                var before = merged.GetValueOrDefault(sample.key);
                merged[sample.key] = (before.Packets + sample.packets, Math.Max(before.LastNs, sample.last_ns));
            }
        }

        return
        [
            .. merged.OrderByDescending(m => m.Value.LastNs).ThenByDescending(m => m.Value.Packets).ThenBy(m => m.Key)
                .Take((int)DevmapdConstants.DEVMAPD_MISSED_KEYS)
                .Select(m => new MissedKeyCount(m.Key, m.Value.Packets, MonotonicClock.At(m.Value.LastNs))),
        ];
    }
}
