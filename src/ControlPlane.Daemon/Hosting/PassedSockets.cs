using System.Globalization;
using System.Net.Sockets;

namespace ControlPlane.Daemon.Hosting;

/// <summary>
/// The listening sockets that systemd passes to a service with a socket unit (<c>sd_listen_fds(3)</c>). systemd keeps them open, so clients
/// that connect while no daemon runs wait for the next one.
/// </summary>
internal static class PassedSockets
{
    private const int FirstDescriptor = 3; // SD_LISTEN_FDS_START

    /// <summary>Takes the sockets that this process was given; none if it was started without.</summary>
    /// <exception cref="StartRefusedException">The daemon cannot serve one of them.</exception>
    public static IReadOnlyList<Listener> Take()
    {
        if (Number("LISTEN_PID") != Environment.ProcessId || Number("LISTEN_FDS") is not { } count)
            return [];
        // The descriptors are not close-on-exec, and stay so: .NET shuts a socket down for all its users when it is disposed of during a
        // call, except if other processes may share it.
        return [.. Enumerable.Range(FirstDescriptor, count).Select(Open).Select(socket => new Listener(ListenerPurpose.UnixSocket, socket) { IsPassed = true })];
    }

    private static Socket Open(int descriptor)
    {
        try
        {
            var socket = new Socket(new SafeSocketHandle(descriptor, ownsHandle: true));
            if (socket is { AddressFamily: AddressFamily.Unix, SocketType: SocketType.Stream, LocalEndPoint: { } endpoint } && endpoint.ToString()!.StartsWith('/'))
                return socket;
            throw Refused($"{socket.AddressFamily} {socket.LocalEndPoint}");
        }
        catch (SocketException e)
        {
            throw Refused(e.Message);
        }

        StartRefusedException Refused(string reason) => new(
            ExitCodes.Config,
            $"Descriptor {descriptor}, which systemd passed, is not a unix stream socket with a path: {reason}.",
            "Have only ListenStream=/PATH in the socket unit; ControlPlane:Listen names addresses for TCP.");
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}

/// <summary>
/// Stops to accept on passed sockets as soon as the daemon is asked to stop: clients that connect from then on wait for the next daemon.
/// Connections that are open are served until the daemon has stopped.
/// </summary>
internal sealed class SocketHandover(HostClaims claims) : IHostedLifecycleService
{
    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        foreach (var passed in claims.Listeners.Where(l => l.IsPassed))
            passed.Socket.Dispose();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
