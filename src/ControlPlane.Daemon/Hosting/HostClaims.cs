using System.Net.Sockets;
using ControlPlane.Daemon.Options;

namespace ControlPlane.Daemon.Hosting;

/// <summary>
/// What this process alone may use, for as long as it lives: the pins, the state directory, the unix socket. Taken
/// before anything else is touched. The first hosted service, so that the container disposes of it after all others.
/// </summary>
internal sealed class HostClaims : IHostedService, IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly List<IDisposable> _locks = [];
    private readonly string _socket;

    private HostClaims(string socket) => _socket = socket;

    /// <summary>Takes what the options name.</summary>
    /// <exception cref="StartRefusedException">Something cannot be had, or another daemon has it.</exception>
    public static HostClaims Take(ControlPlaneOptions options, bool simulated)
    {
        var claims = new HostClaims(options.Listen.UnixSocket);
        try
        {
            claims.Lock(options.StateDirectory, "ControlPlane:StateDirectory");
            if (!simulated)
                claims.Lock(options.PinRoot, "ControlPlane:PinRoot");
            claims.ClearSocket();
            return claims;
        }
        catch
        {
            claims.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var held in _locks)
            held.Dispose();
        _locks.Clear();
    }

    private void Lock(string folder, string key)
    {
        try
        {
            Directory.CreateDirectory(folder, OwnerOnly);
            File.SetUnixFileMode(folder, OwnerOnly);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException(ExitCodes.CannotCreate,
                $"The folder {folder} cannot be made this daemon's own: {e.Message}",
                $"Name another with {key}, or make it with: install -d -m 0700 -o USER {folder}");
        }

        _locks.Add(DirectoryLock.Acquire(folder));
    }

    /// <summary>Removes a socket that a daemon left behind when it was killed; refuses one that is served.</summary>
    private void ClearSocket()
    {
        if (_socket.Length == 0)
            return;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_socket)!);
            if (!File.Exists(_socket))
                return;
            if (IsServed(_socket))
                throw new StartRefusedException(ExitCodes.AlreadyRunning,
                    $"Another program serves the unix socket {_socket}.",
                    "Stop it, or name another socket with ControlPlane:Listen:UnixSocket.");
            File.Delete(_socket);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SocketException)
        {
            throw new StartRefusedException(ExitCodes.CannotCreate,
                $"The unix socket {_socket} cannot be made: {e.Message}",
                "Name another with ControlPlane:Listen:UnixSocket; empty for none.");
        }
    }

    private static bool IsServed(string path)
    {
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused && !IsRegularFile(path))
        {
            return false;
        }
    }

    // connect(2) says ECONNREFUSED for a plain file, too; what somebody keeps there must not be deleted.
    private static bool IsRegularFile(string path) => (File.GetAttributes(path) & FileAttributes.Normal) != 0 && new FileInfo(path).Length > 0;
}
