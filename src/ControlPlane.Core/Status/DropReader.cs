using System.Collections.Concurrent;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Status;

/// <summary>
/// Joins the frames that actions or the kernel dropped to entries and devmaps. The kernel's tables are read whole, so what was read serves for twenty times as
/// long as the reading took: reading one entry must not cost a walk of some thousand elements each time.
/// </summary>
internal sealed class DropReader(IKernel kernel, TimeProvider time)
{
    private const int DutyCycle = 20;
    private static readonly IReadOnlyList<DropCount> _none = [];

    private readonly Lock _reading = new();
    private Tables? _last;

    /// <summary>
    /// Returns the dropped frames with this key. Drops in a target's queue know no key; where the key is the ingress interface, it and
    /// the target say which they are.
    /// </summary>
    public IReadOnlyList<DropCount> OfEntry(DevmapState devmap, IDevmapReader map, uint kernelKey, uint? target)
    {
        var snapshot = Current();
        var errors = kernel.Drops.Feature.Available ? snapshot.Errors(devmap.Definition.Name).GetValueOrDefault(kernelKey, _none) : _none;
        if (snapshot.Actions(map).GetValueOrDefault(kernelKey) is { Failed: > 0 } failed)
            errors = [.. errors, new DropCount(DropCause.ActionFailed, 0, failed.Failed, failed.LastFailed)];
        if (!devmap.Definition.Spec.KeySelector.KeyIsIfindex || snapshot.Transmit.Count == 0)
            return errors;
        var unsent = snapshot.Transmit.Where(d => d.From == kernelKey && d.To == target).Select(Count).ToList();
        return unsent.Count == 0 ? errors : [.. errors, .. unsent];
    }

    /// <summary>Returns the packets with this key that actions gave to the network stack, because their TTL ran out.</summary>
    public ulong ExpiredOf(IDevmapReader map, uint kernelKey) => Current().Actions(map).GetValueOrDefault(kernelKey)?.Expired ?? 0;

    /// <summary>Returns the dropped frames of those that have an entry in the devmap; null where the host cannot tell.</summary>
    public DevmapDrops? OfDevmap(DevmapState devmap, IReadOnlyList<uint> programs, DevmapCounters? traffic)
    {
        if (!kernel.Drops.Feature.Available)
            return null;
        var ingresses = devmap.Attachments.Values.Select(a => a.Link?.Ifindex).ToHashSet();
        var interfaces = kernel.Interfaces.Current;
        List<TargetDrops> unsent =
            [.. Current().Transmit.Where(d => ingresses.Contains(d.From)).Select(d => new TargetDrops(d.To, interfaces.Find(d.To)?.Name, Count(d)))];
        var totals = kernel.Drops.ReadRedirectTotals(devmap.Definition.Name);
        List<CauseCount> causes =
        [
            new(DropCause.TargetDown, totals.TargetDown),
            new(DropCause.FrameTooLong, totals.TooLong),
            new(DropCause.NotAccepted, totals.NotAccepted),
            new(DropCause.Other, totals.Other),
            new(DropCause.ActionFailed, traffic?.ActionFailedPackets ?? 0),
            new(DropCause.Aborted, Sum(kernel.Drops.ReadExceptions().Where(e => programs.Contains(e.ProgramId)).Select(e => e.Packets))),
            .. unsent.GroupBy(d => d.Drops.Cause).Select(g => new CauseCount(g.Key, Sum(g.Select(d => d.Drops.Packets)))),
        ];
        return new DevmapDrops(
            [.. causes.Where(c => c.Packets > 0).GroupBy(c => c.Cause).OrderBy(g => g.Key).Select(g => new CauseCount(g.Key, Sum(g.Select(c => c.Packets))))],
            unsent);
    }

    private static ulong Sum(IEnumerable<ulong> packets) => packets.Aggregate(0UL, (sum, n) => sum + n);

    private static DropCount Count(TransmitDropCount drop) => new(DropCauses.OfTransmit(drop.Errno), drop.Errno, drop.Packets, drop.LastSeen);

    private Tables Current()
    {
        var last = Volatile.Read(ref _last);
        if (last is not null && last.IsFresh)
            return last;
        lock (_reading)
        {
            if (_last is { } other && !ReferenceEquals(other, last))
                return other;
            var fresh = new Tables(kernel.Drops, time);
            Volatile.Write(ref _last, fresh);
            return fresh;
        }
    }

    private sealed class Tables
    {
        private readonly ConcurrentDictionary<string, Dictionary<uint, IReadOnlyList<DropCount>>> _byDevmap = new(StringComparer.Ordinal);
        private readonly ConcurrentDictionary<IDevmapReader, Dictionary<uint, ActionCount>> _actions = [];
        private readonly IDropCounters _drops;
        private readonly TimeProvider _time;
        private readonly long _readAt;
        private long _cost;

        public Tables(IDropCounters drops, TimeProvider time)
        {
            (_drops, _time, _readAt) = (drops, time, time.GetTimestamp());
            Transmit = drops.Feature.Available ? drops.ReadTransmitDrops() : [];
            _cost = time.GetTimestamp() - _readAt;
        }

        public IReadOnlyList<TransmitDropCount> Transmit { get; }

        public bool IsFresh => _time.GetTimestamp() - _readAt < Volatile.Read(ref _cost) * DutyCycle;

        public Dictionary<uint, ActionCount> Actions(IDevmapReader map)
        {
            if (_actions.TryGetValue(map, out var counts))
                return counts;
            lock (_actions)
            {
                if (_actions.TryGetValue(map, out counts))
                    return counts;
                var started = _time.GetTimestamp();
                _actions[map] = counts = map.ReadActionCounts().ToDictionary(c => c.KernelKey);
                Volatile.Write(ref _cost, _cost + _time.GetTimestamp() - started);
                return counts;
            }
        }

        public Dictionary<uint, IReadOnlyList<DropCount>> Errors(string devmap)
        {
            if (_byDevmap.TryGetValue(devmap, out var errors))
                return errors;
            lock (_byDevmap)
            {
                if (_byDevmap.TryGetValue(devmap, out errors))
                    return errors;
                var started = _time.GetTimestamp();
                errors = _drops.ReadRedirectErrors(devmap).GroupBy(e => e.KernelKey)
                    .ToDictionary(g => g.Key, g => (IReadOnlyList<DropCount>)[.. g.Select(e => new DropCount(DropCauses.OfRefusal(e.Errno), e.Errno, e.Packets, e.LastSeen))]);
                _byDevmap[devmap] = errors;
                Volatile.Write(ref _cost, _cost + _time.GetTimestamp() - started);
                return errors;
            }
        }
    }
}
