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
    private readonly IInterfaces _interfaces;
    private readonly TimeProvider _time;
    private readonly DateTimeOffset _start;
    private readonly IDisposable _watch;

    public FactTimes(IKernel kernel, TimeProvider time)
    {
        var interfaces = kernel.Interfaces;
        (_interfaces, _time, _start) = (interfaces, time, time.GetUtcNow());
        foreach (var info in interfaces.Current.All)
            _seen[info.Name] = Seen.At(info, _start);
        _watch = interfaces.Watch(Observe);
    }

    /// <summary>Returns when the facts of the interface changed, as it is in a table.</summary>
    /// <param name="name">The name of the interface.</param>
    /// <param name="info">The interface; null if it does not exist.</param>
    public Seen Of(string name, InterfaceInfo? info)
    {
        if (_seen.TryGetValue(name, out var seen) && ReferenceEquals(seen.Info, info))
            return seen;
        // A name that was never seen: the interface has been missing since the start.
        return info is null && seen is null
            ? Seen.At(null, _start)
            : _seen.AddOrUpdate(name, _ => Seen.At(info, _time.GetUtcNow()), (_, known) => known.With(info, _time.GetUtcNow()));
    }

    /// <summary>Returns when the interface of this name appeared or went, or when something in the daemon changed later.</summary>
    public DateTimeOffset Since(string name, DateTimeOffset changed)
    {
        var present = Of(name, _interfaces.Current.Find(name)).Present;
        return changed > present ? changed : present;
    }

    /// <inheritdoc/>
    public void Dispose() => _watch.Dispose();

    private void Observe(LinkChanges changes)
    {
        var table = _interfaces.Current;
        foreach (var name in changes.Everything ? changes.Names.Union(_seen.Keys).Union(table.All.Select(i => i.Name)) : changes.Names)
            Of(name, table.Find(name));
        if (_seen.Count > table.Count + MaxGone)
            Forget();
    }

    // Those that went first. They count as missing since the start when their names come up again.
    private void Forget()
    {
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
    internal sealed record Seen(
        InterfaceInfo? Info, DateTimeOffset Present, DateTimeOffset Up, DateTimeOffset Carrier, DateTimeOffset Mtu, DateTimeOffset Xdp)
    {
        public static Seen At(InterfaceInfo? info, DateTimeOffset time) => new(info, time, time, time, time, time);

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
                Info.XdpFeatures == now.XdpFeatures ? Xdp : time);
        }
    }
}
