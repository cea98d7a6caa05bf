using System.Net;
using System.Net.Sockets;

namespace ControlPlane.Daemon.Hosting;

/// <summary>Connections to listeners of a daemon, for HTTP clients.</summary>
internal static class Connections
{
    /// <summary>Returns a handler whose requests all go to this endpoint: a unix socket, or an address.</summary>
    public static SocketsHttpHandler HandlerFor(Func<EndPoint> endpoint) =>
        new() { ConnectCallback = (_, cancellation) => OpenAsync(endpoint(), cancellation), UseProxy = false };

    private static async ValueTask<Stream> OpenAsync(EndPoint endpoint, CancellationToken cancellation)
    {
        var isUnix = endpoint is UnixDomainSocketEndPoint;
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, isUnix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(endpoint, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
