using System.Collections.Concurrent;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Core.State;

/// <summary>
/// When the facts of interfaces changed, as the daemon saw it: the time of the notification, or the daemon's start. One record per
/// interface, however many entries send to it. Nothing is stored. Safe on any thread.
/// </summary>
internal sealed class FactTimes : IDisposable
{
    // A host that makes and removes interfaces all day must not fill the memory with the names of removed ones.
    private const int MaxGone = 4096;

    private readonly ConcurrentDictionary<string, Seen> _seen = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<uint, DateTimeOffset> _freed = new();
    private readonly ConcurrentDictionary<(string Devmap, string Interface), DateTimeOffset> _detached = new();
    private readonly ConcurrentDictionary<ElementId, (KernelEntry? Found, DateTimeOffset Time)> _elements = new();
    private readonly IInterfaces _interfaces;
    private readonly TimeProvider _time;
    private readonly IDisposable? _watch;

    public FactTimes(IKernel kernel, TimeProvider time)
    {
        var interfaces = kernel.Interfaces;
        (_interfaces, _time, Start) = (interfaces, time, time.GetUtcNow());
        foreach (var info in interfaces.Current.All)
            _seen[info.Name] = Seen.At(info, Start);
        _watch = interfaces.Watch(Observe);
    }

    private FactTimes(IInterfaces interfaces, TimeProvider time, DateTimeOffset start) => (_interfaces, _time, Start) = (interfaces, time, start);

    /// <summary>Returns times for facts that are not so yet, beside these: nothing that is asked of them is kept here.</summary>
    public FactTimes Aside() => new(_interfaces, _time, Start);

    /// <summary>Raised after the interfaces have changed, by the thread that says so.</summary>
    public event Action<LinkChanges>? Observed;

    /// <summary>The interfaces now.</summary>
    public InterfaceTable Interfaces => _interfaces.Current;

    /// <summary>The clock.</summary>
    public TimeProvider Time => _time;

    /// <summary>The time now.</summary>
    public DateTimeOffset Now => _time.GetUtcNow();

    /// <summary>The daemon's start: the time of every fact that has not changed since.</summary>
    public DateTimeOffset Start { get; }

    /// <summary>Returns when the facts of the interface changed, as it is in a table.</summary>
    /// <param name="name">The name of the interface.</param>
    /// <param name="info">The interface; null if it does not exist.</param>
    public Seen Of(string name, InterfaceInfo? info)
    {
        if (_seen.TryGetValue(name, out var seen) && ReferenceEquals(seen.Info, info))
            return seen;
        // A name that was never seen: the interface has been missing since the start.
        return info is null && seen is null
            ? Seen.At(null, Start)
            : Changed(name, info, _time.GetUtcNow());
    }

    /// <summary>Returns when the last interface with this index went, where the daemon saw that.</summary>
    public DateTimeOffset Freed(uint ifindex) => _freed.GetValueOrDefault(ifindex, Start);

    /// <summary>
    /// Returns when the daemon first saw that somebody else made an element so. Elements that are as desired are not asked about, so this
    /// holds few.
    /// </summary>
    /// <param name="id">The element.</param>
    /// <param name="found">The element in the kernel; null if there is none.</param>
    public DateTimeOffset OfForeign(ElementId id, KernelEntry? found)
    {
        if (_elements.Count > MaxGone)
            _elements.Clear();
        return _elements.AddOrUpdate(
            id, _ => (found, _time.GetUtcNow()), (_, known) => known.Found == found ? known : (found, _time.GetUtcNow())).Time;
    }

    /// <summary>Returns when the daemon first saw that somebody else detached the redirect program.</summary>
    /// <param name="devmap">The devmap.</param>
    /// <param name="interfaceName">The interface; empty for all.</param>
    public DateTimeOffset OfDetached(string devmap, string interfaceName)
    {
        if (_detached.Count > MaxGone)
            _detached.Clear();
        return _detached.GetOrAdd((devmap, interfaceName), _ => _time.GetUtcNow());
    }

    /// <summary>The redirect program runs again.</summary>
    public void Attached(string devmap)
    {
        foreach (var key in _detached.Keys.Where(k => k.Devmap == devmap))
            _detached.TryRemove(key, out _);
    }

    /// <summary>The element is as desired again.</summary>
    public void Settled(ElementId id)
    {
        if (!_elements.IsEmpty)
            _elements.TryRemove(id, out _);
    }

    /// <inheritdoc/>
    public void Dispose() => _watch?.Dispose();

    private Seen Changed(string name, InterfaceInfo? info, DateTimeOffset now) => _seen.AddOrUpdate(name, _ => Seen.At(info, now), (_, known) =>
    {
        if (known.Info is { } gone && gone.Ifindex != info?.Ifindex)
            _freed[gone.Ifindex] = now;
        return known.With(info, now);
    });

    private void Observe(LinkChanges changes)
    {
        var table = _interfaces.Current;
        foreach (var name in changes.Everything ? changes.Names.Union(_seen.Keys).Union(table.All.Select(i => i.Name)) : changes.Names)
            Of(name, table.Find(name));
        if (_seen.Count > table.Count + MaxGone)
            Forget();
        Observed?.Invoke(changes);
    }

    // Those that went first. They count as missing since the start when their names come up again.
    private void Forget()
    {
        if (_freed.Count > MaxGone)
            _freed.Clear();
        foreach (var gone in _seen.Where(s => s.Value.Info is null).OrderBy(s => s.Value.Present).Take(MaxGone / 2))
            _seen.TryRemove(gone);
    }

    /// <summary>An interface as it was seen last, and when its facts changed.</summary>
    /// <param name="Info">The interface; null if it does not exist.</param>
    /// <param name="Present">When it appeared, or went.</param>
    /// <param name="Up">When its administrative state changed.</param>
    /// <param name="Carrier">When its carrier changed.</param>
    /// <param name="Mtu">When an MTU changed.</param>
    /// <param name="Xdp">When its xdp-features changed.</param>
    /// <param name="Promiscuous">When it became promiscuous, or ceased to be.</param>
    /// <param name="Offloads">When its offloads, or those of its peer, changed.</param>
    /// <param name="Program">When an XDP program came or went, or its mode changed.</param>
    internal sealed record Seen(
        InterfaceInfo? Info, DateTimeOffset Present, DateTimeOffset Up, DateTimeOffset Carrier, DateTimeOffset Mtu, DateTimeOffset Xdp, DateTimeOffset Promiscuous, DateTimeOffset Offloads, DateTimeOffset Program)
    {
        public static Seen At(InterfaceInfo? info, DateTimeOffset time) => new(info, time, time, time, time, time, time, time, time);

        /// <summary>Returns what is seen after a change: a new device has new facts.</summary>
        public Seen With(InterfaceInfo? now, DateTimeOffset time)
        {
            if (now is null || Info is null || Info.Ifindex != now.Ifindex)
                return Info is null && now is null ? this : At(now, time);
            return new Seen(
                now,
                Present,
                Info.IsUp == now.IsUp ? Up : time,
                Info.HasCarrier == now.HasCarrier ? Carrier : time,
                Info.Mtu == now.Mtu && Info.PeerMtu == now.PeerMtu ? Mtu : time,
                Info.XdpFeatures == now.XdpFeatures ? Xdp : time,
                Info.IsPromiscuous == now.IsPromiscuous ? Promiscuous : time,
                Info.Offloads == now.Offloads && Info.PeerOffloads == now.PeerOffloads ? Offloads : time,
                Info.XdpMode == now.XdpMode ? Program : time);
        }
    }
}
