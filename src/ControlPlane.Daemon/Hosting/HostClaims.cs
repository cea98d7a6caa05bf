using System.Net.Sockets;
using ControlPlane.Core.Errors;
using ControlPlane.Daemon.Options;
using ControlPlane.Kernel.Hosting;
using ControlPlane.Kernel.Probing;

namespace ControlPlane.Daemon.Hosting;

/// <summary>
/// What this process alone may use, for as long as it lives: the pins, the state directory, the unix socket. Taken
/// before anything else is touched. The first hosted service, so that the container disposes of it after all others.
/// </summary>
internal sealed class HostClaims : IHostedService, IDisposable
{
    private readonly List<DirectoryLock> _locks = [];
    private readonly string _socket;

    private HostClaims(string socket) => _socket = socket;

    /// <summary>Takes what the options name.</summary>
    /// <exception cref="StartRefusedException">Something cannot be had, or another daemon has it.</exception>
    public static HostClaims Take(ControlPlaneOptions options, bool simulated)
    {
        if (!simulated)
            RequireKernel(options.PinRoot);
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

    /// <summary>Takes the pins and, if asked, the state directory; as long as it is held no daemon runs there.</summary>
    /// <exception cref="StartRefusedException">Something cannot be had, or a daemon has it.</exception>
    public static HostClaims TakePins(ControlPlaneOptions options, bool withState)
    {
        RequireKernel(options.PinRoot);
        var claims = new HostClaims(socket: "");
        try
        {
            claims.Lock(options.PinRoot, "ControlPlane:PinRoot");
            if (withState)
                claims.Lock(options.StateDirectory, "ControlPlane:StateDirectory");
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

    private static void RequireKernel(string pinRoot)
    {
        var faults = KernelPreflight.Check(pinRoot);
        if (faults.Count > 0)
            throw new StartRefusedException(
                faults.Any(f => f.LacksPrivilege) ? ExitCodes.NoPermission : ExitCodes.Unavailable,
                [.. faults.SelectMany(f => new[] { f.Problem, f.Remedy }), "Without any of this: devmapd --simulate runs on a simulated kernel."]);
    }

    private void Lock(string folder, string key)
    {
        try
        {
            _locks.Add(DirectoryLock.Acquire(folder));
        }
        catch (DirectoryLockedException e)
        {
            throw new StartRefusedException(ExitCodes.AlreadyRunning,
                $"Another devmapd runs here: {e.Message}.",
                e.ProcessId is { } pid
                    ? $"Stop it first (kill {pid}), or give this one folders of its own with ControlPlane:PinRoot and ControlPlane:StateDirectory."
                    : $"Stop it first, or name another folder with {key}.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or KernelException)
        {
            throw new StartRefusedException(ExitCodes.CannotCreate,
                $"The folder {folder} cannot be had: {e.Message}",
                $"Name another with {key}, or make it for the user that runs the daemon: install -d -m 0700 -o USER {folder}");
        }
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
