using System.Net;
using System.Net.Sockets;
using ControlPlane.Daemon.Observability;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace ControlPlane.Daemon.Hosting;

/// <summary>
/// Gives Kestrel listeners over the claimed sockets. Kestrel's own listener tries again at once, for ever, while the process has no file
/// descriptor left; and it accepts a connection before anybody can decide whether there is room for it.
/// </summary>
internal sealed class ClaimedListenerFactory(HostClaims claims, ConnectionAdmission admission, TimeProvider time, ILoggerFactory loggers)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    /// <inheritdoc/>
    public bool CanBind(EndPoint endpoint) => Find(endpoint) is not null;

    /// <inheritdoc/>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new(new ClaimedListener(Find(endpoint)!.Socket, admission, time, loggers.CreateLogger<ClaimedListener>()));

    private Listener? Find(EndPoint endpoint) => claims.Listeners.FirstOrDefault(l => l.Socket.LocalEndPoint!.ToString() == endpoint.ToString());
}

/// <summary>Accepts the connections that are admitted, and ends the others at once.</summary>
internal sealed class ClaimedListener(Socket socket, ConnectionAdmission admission, TimeProvider time, ILogger<ClaimedListener> logger) : IConnectionListener
{
    // By itself the kernel buffers up to 4 MiB (net.ipv4.tcp_wmem) for each client that does not read.
    private const int SendBuffer = 128 * 1024;

    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenWarnings = TimeSpan.FromMinutes(1);

    private readonly SocketConnectionContextFactory _factory = new(new SocketConnectionFactoryOptions(), logger);
    private TimeSpan _pause = ShortestPause;
    private long? _warned;

    /// <inheritdoc/>
    public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                var accepted = await socket.AcceptAsync(cancellationToken);
                _pause = ShortestPause;
                if (Admit(accepted) is { } connection)
                    return connection;
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted })
            {
                return null; // The socket was closed: no connection comes any more.
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable)
            {
                await PauseAsync(e, cancellationToken);
            }
            catch (SocketException)
            {
                // The client went away before it was accepted.
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        socket.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        socket.Dispose();
        _factory.Dispose();
        return ValueTask.CompletedTask;
    }

    private ConnectionContext? Admit(Socket accepted)
    {
        try
        {
            if (accepted.LocalEndPoint is IPEndPoint)
            {
                accepted.NoDelay = true;
                accepted.SendBufferSize = SendBuffer;
            }

            if (admission.Admit(accepted) is not { } place)
            {
                accepted.Dispose();
                return null;
            }

            var connection = _factory.Create(accepted);
            place.Follow(connection);
            return connection;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            accepted.Dispose();
            return null;
        }
    }

    // The connection waits in the kernel until a descriptor is free. An idle connection gives its own.
    private async Task PauseAsync(SocketException e, CancellationToken cancellation)
    {
        if (_warned is not { } warned || time.GetElapsedTime(warned) > BetweenWarnings)
        {
            _warned = time.GetTimestamp();
            HostLog.NotAccepted(logger, e.Message);
        }

        admission.EvictOne();
        await Task.Delay(_pause, time, cancellation);
        _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
    }
}
