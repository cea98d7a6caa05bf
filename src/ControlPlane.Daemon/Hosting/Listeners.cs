using System.Net;
using ControlPlane.Daemon.Security;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ControlPlane.Daemon.Hosting;

/// <summary>Serves REST and gRPC on the claimed sockets. Each serves both APIs; HTTP/1.1 is not on the socket for gRPC.</summary>
internal static class Listeners
{
    /// <summary>Configures Kestrel.</summary>
    public static void AddListeners(this WebApplicationBuilder builder, HostClaims claims)
    {
        builder.WebHost.UseKestrelCore();
        builder.Services.AddIdleEndpoint();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            SetLimits(kestrel.Limits);
            var http2 = new Http2Pipeline();
            kestrel.Listen(IdleEndPoint.Instance, idle =>
            {
                idle.Protocols = HttpProtocols.Http2;
                http2.CaptureFrom(idle);
            });
            foreach (var listener in claims.Listeners)
                Listen(kestrel, listener.Socket.LocalEndPoint!, endpoint => Configure(endpoint, listener, http2));
        });
    }

    private static void Configure(ListenOptions endpoint, Listener listener, Http2Pipeline http2)
    {
        endpoint.Use(KeepPlace);
        endpoint.Use(next => connection => endpoint.ApplicationServices.GetRequiredService<LastRequests>().FollowAsync(connection, next));
        if (listener.IsSecure)
        {
            endpoint.Protocols = listener.Purpose == ListenerPurpose.Grpc ? HttpProtocols.Http2 : HttpProtocols.Http1AndHttp2;
            endpoint.UseServerCertificates();
            return;
        }

        if (listener.Purpose == ListenerPurpose.UnixSocket)
            endpoint.UsePeerCredentials();
        endpoint.Protocols = listener.Purpose == ListenerPurpose.Grpc ? HttpProtocols.Http2 : HttpProtocols.Http1;
        if (listener.Purpose != ListenerPurpose.Grpc)
            http2.OfferOn(endpoint);
    }

    private static ConnectionDelegate KeepPlace(ConnectionDelegate next) => async connection =>
    {
        try
        {
            await next(connection);
        }
        finally
        {
            connection.Features.Get<ConnectionPlace>()?.Release();
        }
    };

    private static void Listen(KestrelServerOptions kestrel, EndPoint endpoint, Action<ListenOptions> configure)
    {
        if (endpoint is IPEndPoint address)
            kestrel.Listen(address, configure);
        else
            kestrel.ListenUnixSocket(endpoint.ToString()!, configure);
    }

    /// <summary>Generous for what the API carries, and small enough that no client can take the memory of the host.</summary>
    private static void SetLimits(KestrelServerLimits limits)
    {
        // The API has a limit for each operation and answers more with an error of the catalogue. This is only the wall behind it.
        limits.MaxRequestBodySize = BodyWall.Bytes;
        limits.MaxRequestHeadersTotalSize = 16 * 1024;
        limits.MaxRequestHeaderCount = 64;
        limits.MaxRequestLineSize = 8 * 1024;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
        // gRPC clients put all streams on one connection, and a client that waits for a stream hangs without a word.
        limits.Http2.MaxStreamsPerConnection = 1024;
    }
}
