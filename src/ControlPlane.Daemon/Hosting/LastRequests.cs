using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;

namespace ControlPlane.Daemon.Hosting;

/// <summary>
/// Gives every request that has arrived an answer before the daemon closes its sockets. The kernel resets the connections that nobody has
/// accepted when a listening socket is closed. So new connections are turned away first, and then the rest is served.
/// </summary>
internal sealed class LastRequests(HostClaims claims, Readiness readiness, TimeProvider time)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    // A client sends its request right after it has connected, on a busy host a little later.
    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(500);

    // Looks, not time: each look is queued behind the work that was there before, so that a busy host does not seem quiet.
    private const int QuietLooks = 10;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(5);

    private readonly ConcurrentDictionary<string, long> _fresh = new(StringComparer.Ordinal);
    private int _running;
    private long _begun;

    /// <summary>The requests since the start.</summary>
    public long Begun => Volatile.Read(ref _begun);

    /// <summary>Follows a connection until its first request.</summary>
    public async Task FollowAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        _fresh[connection.ConnectionId] = time.GetTimestamp();
        try
        {
            await next(connection);
        }
        finally
        {
            _fresh.TryRemove(connection.ConnectionId, out _);
        }
    }

    /// <summary>Counts the requests. While the daemon stops, each answer ends its connection (HTTP/1.1), so that the client sends no more there.</summary>
    public async Task CountAsync(HttpContext http, RequestDelegate next)
    {
        if (http.Connection.Id is { Length: > 0 } id) // A server in memory has no connections.
            _fresh.TryRemove(id, out _);
        Interlocked.Increment(ref _begun);
        Interlocked.Increment(ref _running);
        try
        {
            if (readiness.IsStopping && HttpProtocol.IsHttp11(http.Request.Protocol))
                http.Response.Headers.Connection = "close";
            await next(http);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    /// <summary>Turns new connections away, and returns when the requests of all others are answered, or after three seconds.</summary>
    public async Task AnswerAsync(CancellationToken cancellation)
    {
        foreach (var listener in claims.Listeners.Where(l => !l.IsPassed))
            TurnAway(listener.Socket);
        var started = time.GetTimestamp();
        var (quiet, begun) = (0, Begun);
        while (quiet < QuietLooks && time.GetElapsedTime(started) < Limit)
        {
            await Task.Delay(Look, time, cancellation);
            var now = Begun;
            quiet = now == begun && IsQuiet() ? quiet + 1 : 0;
            begun = now;
        }
    }

    private bool IsQuiet() =>
        Volatile.Read(ref _running) == 0
        && _fresh.Values.All(accepted => time.GetElapsedTime(accepted) > Fresh)
        && !claims.Listeners.Any(l => !l.IsPassed && HasWaiting(l.Socket));

    private static bool HasWaiting(Socket socket)
    {
        try
        {
            return socket.Poll(0, SelectMode.SelectRead);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    private static void TurnAway(Socket socket)
    {
        try
        {
            if (socket.LocalEndPoint is UnixDomainSocketEndPoint unix)
                File.Delete(unix.ToString());
            else
                DropPackets(socket);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException or UnauthorizedAccessException)
        {
            // Connections that come until the end are then reset, as they would be without this.
        }
    }

    // A socket filter (socket(7), SO_ATTACH_FILTER) of one instruction that drops everything. On a listening socket it sees only the packets that
    // open connections: who connects now tries again, until the port is closed or another daemon listens.
    private static void DropPackets(Socket socket)
    {
        const int SolSocket = 1, AttachFilter = 26;
        const long ReturnZero = 0x06; // struct sock_filter { BPF_RET | BPF_K, 0, 0, 0 }
        var instruction = Marshal.AllocHGlobal(sizeof(long));
        try
        {
            Marshal.WriteInt64(instruction, ReturnZero);
            var program = new byte[2 * IntPtr.Size]; // struct sock_fprog { unsigned short len; struct sock_filter *filter; }
            BitConverter.TryWriteBytes(program, (ushort)1);
            BitConverter.TryWriteBytes(program.AsSpan(IntPtr.Size), instruction);
            socket.SetRawSocketOption(SolSocket, AttachFilter, program);
        }
        finally
        {
            Marshal.FreeHGlobal(instruction);
        }
    }
}

/// <summary>Registers <see cref="LastRequests"/>.</summary>
internal static class LastRequestsSetup
{
    /// <summary>Counts the requests. It comes first, so that it sees all of them.</summary>
    public static void UseLastRequests(this WebApplication app)
    {
        var requests = app.Services.GetRequiredService<LastRequests>();
        app.Use((http, next) => requests.CountAsync(http, next));
    }
}
