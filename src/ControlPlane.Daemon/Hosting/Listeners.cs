using System.Net.Sockets;
using ControlPlane.Daemon.Options;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using ListenOptions = ControlPlane.Daemon.Options.ListenOptions;

namespace ControlPlane.Daemon.Hosting;

/// <summary>Opens the daemon's three doors: REST and gRPC on loopback, and both on the unix socket.</summary>
internal static class Listeners
{
    private const UnixFileMode OwnerAndGroup =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    /// <summary>Configures Kestrel.</summary>
    public static void AddListeners(this WebApplicationBuilder builder, ListenOptions listen)
    {
        builder.WebHost.UseKestrelCore().UseSockets(BindUnixSocketPrivately);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            SetLimits(kestrel.Limits);

            var http2 = new Http2Pipeline();
            kestrel.Listen(LoopbackAddressAttribute.TryParse(listen.Grpc)!, grpc =>
            {
                grpc.Protocols = HttpProtocols.Http2;
                http2.CaptureFrom(grpc);
            });
            kestrel.Listen(LoopbackAddressAttribute.TryParse(listen.Rest)!, rest => rest.Protocols = HttpProtocols.Http1);
            if (listen.UnixSocket.Length > 0)
                kestrel.ListenUnixSocket(listen.UnixSocket, both =>
                {
                    both.Protocols = HttpProtocols.Http1;
                    http2.OfferOn(both);
                });
        });
    }

    /// <summary>Generous for what the API carries, and small enough that no client can take the host's memory.</summary>
    private static void SetLimits(KestrelServerLimits limits)
    {
        // The faces allow 64 KiB and answer more with an error of the catalogue; this is only the wall behind them.
        limits.MaxRequestBodySize = 1024 * 1024;
        limits.MaxRequestHeadersTotalSize = 16 * 1024;
        limits.MaxRequestHeaderCount = 64;
        limits.MaxRequestLineSize = 8 * 1024;
        limits.MaxConcurrentConnections = 4096;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
        limits.Http2.MaxStreamsPerConnection = 1024;
    }

    /// <summary>Sets the socket's mode between bind and listen: before listen nobody can connect, so no moment is open to others.</summary>
    private static void BindUnixSocketPrivately(SocketTransportOptions transport) => transport.CreateBoundListenSocket = endpoint =>
    {
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        if (endpoint is UnixDomainSocketEndPoint)
            File.SetUnixFileMode(endpoint.ToString()!, OwnerAndGroup);
        return socket;
    };
}
