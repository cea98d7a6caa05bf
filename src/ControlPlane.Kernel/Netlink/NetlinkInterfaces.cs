using System.Collections.Concurrent;
using System.Collections.Immutable;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Native;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Kernel.Netlink;

/// <summary>
/// The interfaces of one network namespace, by rtnetlink and genetlink <c>netdev</c>: that of the thread that makes
/// this object. A monitor thread keeps <see cref="Current"/>.
/// </summary>
/// <remarks>
/// The kernel announces additions, removals, names, flags, carrier, MTU and xdp-features. It does not announce that a
/// <c>bpf_link</c> attached an XDP program: of <see cref="InterfaceInfo.XdpMode"/> and
/// <see cref="InterfaceInfo.XdpProgramId"/> <see cref="Current"/> may be late until something else is announced or
/// <see cref="Query(string)"/> finds the difference, which it passes on to the monitor. The MTU of a veth's peer in another
/// namespace is announced only there, and polled (<see cref="PeerPolling"/>).
/// </remarks>
internal sealed class NetlinkInterfaces : IInterfaces, IDisposable
{
    private const int RetryMs = 1000;

    private readonly ILogger _logger;
    private readonly LinkQueries _queries;
    private readonly LinkMonitor _monitor;
    private readonly PeerPolling _peers;
    private readonly Thread _thread;
    private readonly ManualResetEventSlim _stopping = new();
    private readonly ConcurrentQueue<uint> _outdated = new();
    private ImmutableArray<Watcher> _watchers = [];
    private volatile InterfaceTable _current;

    /// <summary>Reads all interfaces and begins to listen.</summary>
    /// <param name="logger">Takes failures of the monitor.</param>
    /// <param name="receiveBufferBytes">The receive buffer of each listening socket; the kernel doubles it and has a minimum.</param>
    /// <exception cref="KernelException">The kernel refused a socket or the first dump.</exception>
    public NetlinkInterfaces(ILogger<NetlinkInterfaces> logger, int receiveBufferBytes = LinkMonitor.DefaultReceiveBufferBytes)
    {
        _logger = logger;
        _queries = new LinkQueries();
        try
        {
            _monitor = new LinkMonitor(_queries, receiveBufferBytes);
        }
        catch
        {
            _queries.Dispose();
            throw;
        }

        _current = _monitor.Table;
        _peers = new PeerPolling(_queries);
        _thread = new Thread(Run) { IsBackground = true, Name = "link monitor" };
        _thread.Start();
    }

    /// <inheritdoc />
    public InterfaceTable Current => _current;

    /// <inheritdoc />
    public InterfaceInfo? Query(string name) => Compare(_queries.Query(name));

    /// <inheritdoc />
    public InterfaceInfo? Query(uint ifindex) => Compare(_queries.Query(ifindex));

    /// <inheritdoc />
    public IDisposable Watch(Action<LinkChanges> onChange)
    {
        var watcher = new Watcher(this, onChange);
        ImmutableInterlocked.Update(ref _watchers, static (all, added) => all.Add(added), watcher);
        return watcher;
    }

    /// <summary>Ends the monitor and closes the sockets.</summary>
    public void Dispose()
    {
        if (_stopping.IsSet)
            return;
        _stopping.Set();
        _monitor.Wake();
        if (Thread.CurrentThread != _thread)
            _thread.Join();
        _monitor.Dispose();
        _queries.Dispose();
    }

    // Most calls find no difference; one that does wakes the monitor, which asks again in its own order of events.
    private InterfaceInfo? Compare(InterfaceInfo? asked)
    {
        if (asked is not null && asked != _current.Find(asked.Ifindex))
        {
            _outdated.Enqueue(asked.Ifindex);
            _monitor.Wake();
        }

        return asked;
    }

    private void Run()
    {
        var timeoutMs = 0;
        while (!_stopping.IsSet)
        {
            try
            {
                _monitor.Wait(timeoutMs);
                if (!_stopping.IsSet && _monitor.Turn(TakeOutdated()) is { } changes)
                    Publish(changes);
                timeoutMs = _peers.TimeoutMs(_current);
            }
            catch (KernelException failure)
            {
                // Unanswered questions are kept for the next turn, which comes in any case.
                timeoutMs = 0;
                KernelLog.MonitorFailed(_logger, RetryMs, failure);
                _stopping.Wait(RetryMs);
            }
        }
    }

    private HashSet<uint> TakeOutdated()
    {
        var taken = _peers.Changed(_current).ToHashSet();
        for (var waiting = _outdated.Count; waiting > 0 && _outdated.TryDequeue(out var ifindex); waiting--)
            taken.Add(ifindex);
        return taken;
    }

    private void Publish(LinkChanges changes)
    {
        _current = _monitor.Table;
        if (changes.Everything)
            KernelLog.NotificationsLost(_logger, _current.Count);
        foreach (var watcher in _watchers)
        {
            try
            {
                watcher.OnChange(changes);
            }
#pragma warning disable CA1031 // one watcher's failure must end neither the others nor the monitor
            catch (Exception failure)
#pragma warning restore CA1031
            {
                KernelLog.WatcherFailed(_logger, failure);
            }
        }
    }

    private sealed record Watcher(NetlinkInterfaces Owner, Action<LinkChanges> OnChange) : IDisposable
    {
        public void Dispose() => ImmutableInterlocked.Update(ref Owner._watchers, static (all, ended) => all.Remove(ended), this);
    }
}
