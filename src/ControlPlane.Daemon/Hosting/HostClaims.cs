using System.Net.Sockets;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Ports;
using ControlPlane.Daemon.Options;
using ControlPlane.Kernel.Hosting;
using ControlPlane.Kernel.Probing;
using ControlPlane.Storage;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace ControlPlane.Daemon.Hosting;

/// <summary>
/// The things that only this process may use while it lives: addresses, pins, state directory, unix socket. They are claimed before the
/// kernel and the store are touched.
/// </summary>
internal sealed class HostClaims : IDisposable
{
    private const UnixFileMode OwnerAndGroup =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    /// <summary>The connections that can wait until they are accepted: as many as the kernel allows by default (net.core.somaxconn).</summary>
    public const int Backlog = 4096;

    private readonly List<DirectoryLock> _locks = [];
    private readonly List<string> _made = [];
    private readonly List<Listener> _listeners = [];

    /// <summary>The sockets that are bound.</summary>
    public IReadOnlyList<Listener> Listeners => _listeners;

    /// <summary>Claims what a daemon needs.</summary>
    /// <exception cref="StartRefusedException">Something is not there or cannot be used, or another daemon has it.</exception>
    public static HostClaims Take(ControlPlaneOptions options, bool simulated)
    {
        if (!simulated)
            RequireKernel(options.PinRoot);
        return Take(claims =>
        {
            // Addresses first: a refusal that follows releases them, and nothing of them stays.
            claims.Listen(options.Listen.Grpc, "ControlPlane:Listen:Grpc", ListenerPurpose.Grpc);
            claims.Listen(options.Listen.Rest, "ControlPlane:Listen:Rest", ListenerPurpose.Rest);
            claims.Lock(options.StateDirectory, "ControlPlane:StateDirectory");
            if (!simulated)
            {
                claims.Lock(options.PinRoot, "ControlPlane:PinRoot");
                RequireOwnPins(options.PinRoot);
            }

            claims._listeners.AddRange(PassedSockets.Take());
            if (!claims._listeners.Exists(l => l.IsPassed))
                claims.ListenOnUnixSocket(options.Listen.UnixSocket);
        });
    }

    /// <summary>Claims the pins and, if asked, the state directory. While they are claimed, no daemon runs there.</summary>
    /// <exception cref="StartRefusedException">Something is not there or cannot be used, or a daemon has it.</exception>
    public static HostClaims TakePins(ControlPlaneOptions options, bool withState)
    {
        RequireKernel(options.PinRoot);
        return Take(claims =>
        {
            claims.Lock(options.PinRoot, "ControlPlane:PinRoot");
            if (withState)
                claims.Lock(options.StateDirectory, "ControlPlane:StateDirectory");
        });
    }

    /// <summary>Claims the state directory alone. While it is claimed, no daemon runs there.</summary>
    /// <exception cref="StartRefusedException">It cannot be used, or a daemon has it.</exception>
    public static HostClaims TakeState(ControlPlaneOptions options) => Take(claims => claims.Lock(options.StateDirectory, "ControlPlane:StateDirectory"));

    /// <summary>Releases everything, and removes the folders that were made for it if nothing was put into them.</summary>
    public void Dispose()
    {
        _listeners.ForEach(listener => listener.Socket.Dispose());
        _made.Where(folder => Directory.Exists(folder) && Directory.GetFileSystemEntries(folder).Length == 0).ToList().ForEach(Directory.Delete);
        _locks.ForEach(held => held.Dispose());
        _made.Clear();
        _locks.Clear();
        _listeners.Clear();
    }

    private static HostClaims Take(Action<HostClaims> take)
    {
        var claims = new HostClaims();
        try
        {
            take(claims);
            return claims;
        }
        catch
        {
            claims.Dispose();
            throw;
        }
    }

    private static void RequireKernel(string pinRoot)
    {
        var missing = KernelPreflight.Check(pinRoot);
        if (missing.Count > 0)
            throw new StartRefusedException(
                missing.Any(f => f.LacksPrivilege) ? ExitCodes.NoPermission : ExitCodes.Unavailable,
                [.. missing.SelectMany(f => new[] { f.Problem, f.Remedy }), "Without any of this: devmapd --simulate runs on a simulated kernel."]);
    }

    private static void RequireOwnPins(string pinRoot)
    {
        var current = HostIdentity.Current(pinRoot);
        if (PinnedIdentity.Read(pinRoot) is { } pinned && !pinned.HasSameNamespace(current) && PinnedIdentity.WaitForLiveLinks(pinRoot) is { Count: > 0 } alive)
            throw Refused(HostErrors.OtherNamespace(pinRoot, pinned.DescribeNamespace(), current.DescribeNamespace(), alive));
    }

    /// <summary>Refuses a store whose last daemon has left links alive in another network namespace, under other pins than this daemon's.</summary>
    /// <returns>The origin to write into the store, once the daemon starts; null if the store has it already.</returns>
    /// <exception cref="StartRefusedException">Such links are alive.</exception>
    public static StoreOrigin? RequireOwnStore(ControlPlaneOptions options, StoreOrigin? last)
    {
        var current = HostIdentity.Current(options.PinRoot);
        if (last is not null && HostIdentity.Parse(last.Identity) is { } used && used.HasSameBoot(current) && !used.HasSameNamespace(current)
            && last.PinRoot != options.PinRoot && IsVisible(last.PinRoot, used) && PinnedIdentity.WaitForLiveLinks(last.PinRoot) is { Count: > 0 } alive)
        {
            throw Refused(HostErrors.StoreOfOtherNamespace(
                options.StateDirectory, last.PinRoot, used.DescribeNamespace(), current.DescribeNamespace(), alive));
        }

        var origin = new StoreOrigin(current.ToString(), options.PinRoot);
        return origin == last ? null : origin;
    }

    // The same path can be in another bpffs, or in none.
    private static bool IsVisible(string pinRoot, HostIdentity used) =>
        Directory.Exists(pinRoot) && HostIdentity.DeviceOf(pinRoot) == (used.DeviceMajor, used.DeviceMinor);

    private static StartRefusedException Refused(Error error) =>
        new(ExitCodes.AlreadyRunning, [error.Detail, error.Remedy!.Summary, .. error.Remedy.Commands.Select(c => $"  {c}")]);

    private void Lock(string folder, string key)
    {
        try
        {
            var isNew = !Directory.Exists(folder);
            _locks.Add(DirectoryLock.Acquire(folder));
            if (isNew)
                _made.Add(folder);
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
                $"The folder {folder} cannot be used: {e.Message}",
                $"Name another with {key}, or make it for the user that runs the daemon: install -d -m 0700 -o USER {folder}");
        }
    }

    /// <summary>Clients that connect from now on wait until Kestrel accepts them.</summary>
    private void Listen(string address, string key, ListenerPurpose purpose)
    {
        if (ListenAddress.TryParse(address, out _) is not { } parsed)
            return;
        try
        {
            var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(parsed.EndPoint);
            _listeners.Add(new Listener(purpose, socket, parsed.IsSecure));
            socket.Listen(Backlog);
        }
        catch (SocketException e)
        {
            throw new StartRefusedException(ExitCodes.Unavailable,
                $"The daemon cannot listen on {address}: {e.Message}.",
                $"Stop the program that listens there (ss -ltnp shows it), or set {key}.");
        }
    }

    /// <summary>Replaces the socket that a killed daemon left behind; refuses a socket that is served.</summary>
    private void ListenOnUnixSocket(string path)
    {
        if (string.IsNullOrEmpty(path))
            return;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            if (File.Exists(path))
                RemoveUnserved(path);
            var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(new UnixDomainSocketEndPoint(path));
            _listeners.Add(new Listener(ListenerPurpose.UnixSocket, socket));
            // Before it listens nobody can connect, so the socket is never open to others.
            File.SetUnixFileMode(path, OwnerAndGroup);
            socket.Listen(Backlog);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SocketException)
        {
            throw new StartRefusedException(ExitCodes.CannotCreate,
                $"The unix socket {path} cannot be made: {e.Message}",
                "Name another with ControlPlane:Listen:UnixSocket; empty for none.");
        }
    }

    private static void RemoveUnserved(string path)
    {
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
            throw new StartRefusedException(ExitCodes.AlreadyRunning,
                $"Another program serves the unix socket {path}.",
                "Stop it, or name another socket with ControlPlane:Listen:UnixSocket.");
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused && !IsRegularFile(path))
        {
            File.Delete(path);
        }
    }

    // connect(2) also gives ECONNREFUSED for a regular file, which must not be deleted.
    private static bool IsRegularFile(string path) => (File.GetAttributes(path) & FileAttributes.Normal) != 0 && new FileInfo(path).Length > 0;
}

/// <summary>The purpose of a listener.</summary>
internal enum ListenerPurpose
{
    /// <summary>gRPC, over TCP.</summary>
    Grpc,

    /// <summary>REST and the pages, over TCP.</summary>
    Rest,

    /// <summary>Both, on the unix socket.</summary>
    UnixSocket,
}

/// <summary>A socket that is bound and listens.</summary>
/// <param name="Purpose">Its purpose.</param>
/// <param name="Socket">The socket.</param>
/// <param name="IsSecure">Whether its connections use TLS.</param>
internal sealed record Listener(ListenerPurpose Purpose, Socket Socket, bool IsSecure = false)
{
    /// <summary>Whether systemd made the socket, and keeps it open when the daemon ends.</summary>
    public bool IsPassed { get; init; }

    /// <summary>Its name in the log.</summary>
    public string Name => Purpose switch { ListenerPurpose.Grpc => "gRPC", ListenerPurpose.Rest => "REST", _ => "REST and gRPC" };

    /// <summary>Its address as bound. A configured port 0 is a real port by now.</summary>
    public string Address => Purpose == ListenerPurpose.UnixSocket ? $"http://unix:{Socket.LocalEndPoint}" : $"{(IsSecure ? "https" : "http")}://{Socket.LocalEndPoint}";
}

/// <summary>Registers <see cref="HostClaims"/>.</summary>
internal static class HostClaimsSetup
{
    /// <summary>Checks that the host is fit for the daemon and claims what the daemon needs.</summary>
    /// <exception cref="StartRefusedException">The host is not fit, or another daemon has something of it.</exception>
    public static HostClaims AddClaims(this WebApplicationBuilder builder, ControlPlaneOptions options, bool simulate)
    {
        var claims = HostClaims.Take(options, simulate);
        // By a factory: the container disposes only of what it has made.
        builder.Services.AddSingleton(_ => claims);
        if (claims.Listeners.Any(l => l.IsPassed))
            builder.Services.AddHostedService<SocketHandover>();
        return claims;
    }

    /// <summary>
    /// Opens the store, before any service asks for the kernel: if the store is refused, the kernel stays as it is, and all claims are
    /// released.
    /// </summary>
    public static void OpenStore(this WebApplication app)
    {
        try
        {
            // The container disposes of its services in reverse order: of the claims last.
            app.Services.GetRequiredService<HostClaims>();
            if (app.Services.GetRequiredService<IStore>() is not SqliteStore store)
                return;
            var last = store.ReadOrigin();
            if (HostClaims.RequireOwnStore(app.Services.GetRequiredService<IOptions<ControlPlaneOptions>>().Value, last) is { } origin)
                store.WriteOrigin(origin, !HostIdentity.AreInOneNamespace(last?.Identity, origin.Identity));
        }
        catch
        {
            ((IDisposable)app).Dispose();
            throw;
        }
    }
}
