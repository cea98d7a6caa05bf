using System.Collections.Concurrent;
using System.Net.Sockets;

namespace ControlPlane.ClientTests;

/// <summary>Relays connections of one unix socket to another, and can cut them all.</summary>
internal sealed class Relay : IDisposable
{
    private readonly Socket _listener = NewSocket();
    private readonly ConcurrentBag<Socket> _open = [];
    private readonly string _target;

    private Relay(string target) => _target = target;

    /// <summary>Listens on a socket.</summary>
    /// <param name="path">The path of the socket, which this makes.</param>
    /// <param name="target">The path of the socket to relay to.</param>
    public static Relay Start(string path, string target)
    {
        var relay = new Relay(target);
        relay._listener.Bind(new UnixDomainSocketEndPoint(path));
        relay._listener.Listen();
        _ = relay.AcceptAllAsync();
        return relay;
    }

    /// <summary>Closes all connections. New ones are relayed.</summary>
    public void Cut()
    {
        while (_open.TryTake(out var socket))
            socket.Dispose();
    }

    public void Dispose()
    {
        _listener.Dispose();
        Cut();
    }

    private static Socket NewSocket() => new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    private async Task AcceptAllAsync()
    {
        try
        {
            while (true)
                _ = RelayAsync(await _listener.AcceptAsync());
        }
        catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private async Task RelayAsync(Socket client)
    {
        var server = NewSocket();
        _open.Add(client);
        _open.Add(server);
        try
        {
            await server.ConnectAsync(new UnixDomainSocketEndPoint(_target));
            await Task.WhenAny(CopyAsync(client, server), CopyAsync(server, client));
        }
        catch (SocketException)
        {
            // Nobody listens.
        }

        client.Dispose();
        server.Dispose();
    }

    private static async Task CopyAsync(Socket from, Socket to)
    {
        try
        {
            await using var source = new NetworkStream(from);
            await using var target = new NetworkStream(to);
            await source.CopyToAsync(target);
        }
        catch (Exception closed) when (closed is IOException or SocketException or ObjectDisposedException)
        {
            // Cut.
        }
    }
}
