using System.Collections.Concurrent;
using System.Collections.Immutable;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Native;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Kernel.Netlink;

/// <summary>
/// The interfaces of one network namespace, by rtnetlink and genetlink <c>netdev</c>: the namespace of the thread that creates this
/// object. A refresh drains the notifications, on a caller's thread or on the monitor's. The monitor's thread calls the watchers.
/// </summary>
/// <remarks>
/// Two facts are not announced here. An XDP program that a <c>bpf_link</c> attaches is found by <see cref="Invalidate"/> and by
/// <see cref="Query(string)"/>. The MTU of a veth's peer in another namespace is polled (<see cref="PeerPolling"/>).
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
    private readonly Lock _refreshing = new();
    private ImmutableArray<Watcher> _watchers = [];
    private volatile InterfaceTable _current;

    /// <summary>Whether the table has everything that was taken from the sockets; stays false after a failure, until a turn succeeds.</summary>
    private volatile bool _settled = true;

    /// <summary>The changes that watchers do not know yet. Guarded by <see cref="_refreshing"/>.</summary>
    private LinkChanges? _unpublished;

    /// <summary>Reads all interfaces and starts listening.</summary>
    /// <param name="logger">The logger for failures of the monitor.</param>
    /// <param name="receiveBufferBytes">The receive buffer of each listening socket. The kernel doubles it and has a minimum.</param>
    /// <param name="asksNetdev">Whether xdp-features are asked for; false behaves as a kernel before Linux 6.3.</param>
    /// <param name="peeks">Whether the offloads of peers in other namespaces are read; false behaves as a host that does not show them.</param>
    /// <exception cref="KernelException">The kernel refused a socket or the first dump.</exception>
    public NetlinkInterfaces(ILogger<NetlinkInterfaces> logger, int receiveBufferBytes = LinkMonitor.DefaultReceiveBufferBytes, bool asksNetdev = true, bool peeks = true)
    {
        _logger = logger;
        _queries = new LinkQueries(asksNetdev, peeks);
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
    public InterfaceTable Refresh()
    {
        // Without the lock where nothing waits. The order matters: a thread that has drained the sockets, or taken what is outdated, is
        // unsettled until the table has it.
        if (!_monitor.HasNotifications() && _outdated.IsEmpty && _settled)
            return _current;
        lock (_refreshing)
        {
            CatchUp();
            if (_unpublished is not null)
                _monitor.Wake();
            return _current;
        }
    }

    /// <inheritdoc />
    public void Invalidate(uint ifindex)
    {
        _outdated.Enqueue(ifindex);
        _monitor.Wake();
    }

    /// <inheritdoc />
    public InterfaceInfo? Query(string name) => Compare(_queries.Query(name));

    /// <inheritdoc />
    public InterfaceInfo? Query(uint ifindex) => Compare(_queries.Query(ifindex));

    /// <inheritdoc />
    public void SetPromiscuous(WriterScope scope, uint ifindex, bool promiscuous)
    {
        scope.Demand();
        _queries.SetPromiscuous(ifindex, promiscuous);
    }

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

    // Most answers equal the table. A different answer makes the next refresh ask again, in the order of notifications.
    private InterfaceInfo? Compare(InterfaceInfo? asked)
    {
        if (asked is not null && asked != _current.Find(asked.Ifindex))
            Invalidate(asked.Ifindex);
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
                if (!_stopping.IsSet && FindChanges() is { } changes)
                    Publish(changes);
                timeoutMs = _peers.TimeoutMs(_current);
            }
            catch (KernelException failure)
            {
                // The notices stay for the next turn, which comes in any case.
                timeoutMs = 0;
                KernelLog.MonitorFailed(_logger, RetryMs, failure);
                _stopping.Wait(RetryMs);
            }
        }
    }

    private LinkChanges? FindChanges()
    {
        foreach (var ifindex in _peers.Changed(_current))
            _outdated.Enqueue(ifindex);
        lock (_refreshing)
        {
            CatchUp();
            var changes = _unpublished;
            _unpublished = null;
            return changes;
        }
    }

    // Under the lock.
    private void CatchUp()
    {
        _settled = false;
        do
        {
            if (_monitor.Turn(TakeOutdated()) is { } changes)
                _unpublished = _unpublished is null ? changes : Merge(_unpublished, changes);
            _current = _monitor.Table;
        }
        while (_monitor.IsBehind);

        _settled = true;
    }

    private HashSet<uint> TakeOutdated()
    {
        var taken = new HashSet<uint>();
        for (var waiting = _outdated.Count; waiting > 0 && _outdated.TryDequeue(out var ifindex); waiting--)
            taken.Add(ifindex);
        return taken;
    }

    private static LinkChanges Merge(LinkChanges first, LinkChanges second) =>
        new(first.Names.Union(second.Names).ToHashSet(StringComparer.Ordinal), first.Everything || second.Everything);

    private void Publish(LinkChanges changes)
    {
        if (changes.Everything)
            KernelLog.NotificationsLost(_logger, _current.Count);
        foreach (var watcher in _watchers)
        {
            try
            {
                watcher.OnChange(changes);
            }
#pragma warning disable CA1031 // the failure of one watcher must end neither the others nor the monitor
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
