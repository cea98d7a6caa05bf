using System.Net;
using System.Net.Sockets;
using ControlPlane.Core.Fairness;
using ControlPlane.Core.Model;
using ControlPlane.Daemon.Options;
using ControlPlane.Daemon.Security;
using Microsoft.AspNetCore.Connections;

namespace ControlPlane.Daemon.Hosting;

/// <summary>
/// Decides which connections the daemon has. A connection that finds no room takes that of the one that has been idle for longest: of the same caller
/// if that caller has its limit, else of the caller with the most. If none is idle, one of a few reserved places is left, where only
/// health, readiness and metrics are served, and everything else is answered with an error.
/// </summary>
internal sealed class ConnectionAdmission(LimitsOptions limits, TimeProvider time)
{
    /// <summary>The places beyond the limit for root on the unix socket.</summary>
    public const int ForRoot = 32;

    /// <summary>The places beyond the limits where health, readiness and metrics are served.</summary>
    public const int ForHealth = 64;

    // Reserved places are for short answers. Who takes longer can lose the place.
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<CallerAccount, HashSet<ConnectionPlace>> _places = [];
    private readonly HashSet<ConnectionPlace> _reserved = [];
    private readonly int _connections = limits.ConnectionsUnder(FileDescriptors.Limit);
    private int _count;
    private long _evicted;

    /// <summary>The connections that are open, reserved places included.</summary>
    public int Open
    {
        get
        {
            lock (_lock)
                return _count + _reserved.Count;
        }
    }

    /// <summary>The idle connections that were closed to make room.</summary>
    public long Evicted => Volatile.Read(ref _evicted);

    /// <summary>The connections that were refused, or got a reserved place.</summary>
    public RefusalCounts Refused { get; } = new();

    /// <summary>Returns a place for an accepted connection; null if there is none.</summary>
    public ConnectionPlace? Admit(Socket accepted)
    {
        if (accepted.RemoteEndPoint is IPEndPoint { Address: var address })
            return Admit(CallerAccount.OfAddress(address.ToString()), isRoot: false);
        var (uid, pid) = UnixPeers.ReadUser(accepted);
        // The daemon's own request must always be answered.
        return pid == Environment.ProcessId ? new ConnectionPlace(this, CallerAccount.Daemon, time) : Admit(CallerAccount.OfUser(uid), uid == 0);
    }

    /// <summary>Returns a place for a connection of an account; null if there is none.</summary>
    internal ConnectionPlace? Admit(CallerAccount account, bool isRoot)
    {
        ConnectionPlace? victim = null;
        try
        {
            lock (_lock)
                return Admit(account, isRoot, out victim);
        }
        finally
        {
            victim?.End();
        }
    }

    /// <summary>Ends the connection that has been idle for longest, if there is one.</summary>
    public void EvictOne()
    {
        ConnectionPlace? victim;
        lock (_lock)
            TryEvict(IdleOfLargest(), out victim);
        victim?.End();
    }

    /// <summary>Gives a place back.</summary>
    internal void Release(ConnectionPlace place)
    {
        lock (_lock)
            Remove(place);
    }

    private ConnectionPlace? Admit(CallerAccount account, bool isRoot, out ConnectionPlace? victim)
    {
        victim = null;
        var own = _places.GetValueOrDefault(account);
        var isFullOfCaller = own?.Count >= limits.ConnectionsPerCaller;
        var hasRoom = isFullOfCaller
            ? TryEvict(own!.Where(p => p.IsIdle), out victim)
            : _count < _connections + (isRoot ? ForRoot : 0) || TryEvict(IdleOfLargest(), out victim);
        if (hasRoom)
        {
            var place = new ConnectionPlace(this, account, time);
            if (!_places.TryGetValue(account, out own))
                _places[account] = own = [];
            own.Add(place);
            _count++;
            return place;
        }

        Refused.Add(isFullOfCaller);
        if (_reserved.Count >= ForHealth && !TryEvict(_reserved.Where(p => p.IsIdle || time.GetElapsedTime(p.Begun) > LongestAnswer), out victim))
            return null;
        var reserved = new ConnectionPlace(this, account, time) { IsReserved = true, IsFullOfCaller = isFullOfCaller };
        _reserved.Add(reserved);
        return reserved;
    }

    private void Remove(ConnectionPlace place)
    {
        if (_reserved.Remove(place))
            return;
        if (!_places.TryGetValue(place.Account, out var own) || !own.Remove(place))
            return;
        _count--;
        if (own.Count == 0)
            _places.Remove(place.Account);
    }

    private bool TryEvict(IEnumerable<ConnectionPlace> candidates, out ConnectionPlace? victim)
    {
        victim = candidates.MinBy(p => p.IdleSince);
        if (victim is null)
            return false;
        Remove(victim);
        _evicted++;
        return true;
    }

    /// <summary>The idle places of the caller that has the most, of those that have idle ones.</summary>
    private IEnumerable<ConnectionPlace> IdleOfLargest() =>
        _places.Values.OrderByDescending(p => p.Count).Select(p => p.Where(c => c.IsIdle)).FirstOrDefault(idle => idle.Any()) ?? [];
}

/// <summary>The place of a connection: who has it, and whether a request is under way. A feature of the connection.</summary>
internal sealed class ConnectionPlace(ConnectionAdmission admission, CallerAccount account, TimeProvider time)
{
    private ConnectionContext? _connection;
    private int _requests;
    private long _idleSince = time.GetTimestamp();
    private volatile bool _ended;

    /// <summary>The account of the caller.</summary>
    public CallerAccount Account => account;

    /// <summary>Whether the connection is one beyond the limits, where only health, readiness and metrics are served.</summary>
    public bool IsReserved { get; init; }

    /// <summary>Whether the limit that it is beyond is that of its caller; else it is that of all.</summary>
    public bool IsFullOfCaller { get; init; }

    /// <summary>The time of the connection's begin.</summary>
    public long Begun { get; } = time.GetTimestamp();

    /// <summary>Whether no request is under way.</summary>
    public bool IsIdle => Volatile.Read(ref _requests) == 0;

    /// <summary>The time of the last request's end, or of the connection's begin.</summary>
    public long IdleSince => Volatile.Read(ref _idleSince);

    /// <summary>Takes the connection, which is ended if it is evicted.</summary>
    public void Follow(ConnectionContext connection)
    {
        connection.Features.Set(this);
        _connection = connection;
        if (_ended)
            End();
    }

    /// <summary>Notes that a request begins.</summary>
    public void Begin() => Interlocked.Increment(ref _requests);

    /// <summary>Notes that the answer to a request is sent.</summary>
    public void Finish()
    {
        Volatile.Write(ref _idleSince, time.GetTimestamp());
        Interlocked.Decrement(ref _requests);
    }

    /// <summary>Ends the connection, to make room for another.</summary>
    public void End()
    {
        _ended = true;
        _connection?.Abort(new ConnectionAbortedException("An idle connection made room for another."));
    }

    /// <summary>Gives the place back.</summary>
    public void Release() => admission.Release(this);
}
