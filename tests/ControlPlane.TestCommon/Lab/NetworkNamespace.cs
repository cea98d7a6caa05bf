using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Text;

namespace ControlPlane.TestCommon.Lab;

/// <summary>A network namespace. One without a name cannot be left behind: it goes with the process, however that ends.</summary>
/// <remarks>
/// <para>Nothing in the lab depends on the namespace of the calling thread; what must happen inside says so.</para>
/// <para>
/// The runtime starts threads of its pool from whichever thread needs one, and they inherit its namespace. So what
/// is run inside must be short and synchronous (make a socket, call the kernel), and nothing may rely on where a thread
/// of the pool is.
/// </para>
/// </remarks>
public sealed class NetworkNamespace : IDisposable
{
    private readonly LabHandle _descriptor;
    private readonly bool _owned;

    private NetworkNamespace(string? name, LabHandle descriptor, bool owned) => (Name, _descriptor, _owned) = (name, descriptor, owned);

    /// <summary>The namespace the process was started in.</summary>
    public static NetworkNamespace Initial { get; } = new(null, Open("/proc/self/ns/net"), owned: false);

    /// <summary>Its name, as <c>ip netns</c> knows it; null for one without.</summary>
    public string? Name { get; }

    /// <summary>A path that any process of this machine's root may open while this object lives.</summary>
    public string Path => $"/proc/{Environment.ProcessId}/fd/{_descriptor.Descriptor}";

    /// <summary>Returns the namespace of a running process. Disposing lets go of it.</summary>
    public static NetworkNamespace OfProcess(int id) =>
        new(null, Open(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/ns/net")), owned: false);

    /// <summary>Makes a namespace with loopback up and IPv6 off, so that nothing but the test's own frames moves in it.</summary>
    /// <param name="name">A name for <c>ip netns</c>, for people to look inside; usually none.</param>
    public static NetworkNamespace Create(string? name = null)
    {
        if (name is not null)
            Lab.Shell.Run("ip", "netns", "add", name);
        var made = new NetworkNamespace(name, name is null ? OpenNew() : Open($"/run/netns/{name}"), owned: true);
        made.Run(() =>
        {
            // Names inherit this from "default" when they appear. Absent where the kernel has no IPv6.
            foreach (var scope in new[] { "all", "default" })
                DisableIpv6(scope);
        });
        made.Shell("ip", "link", "set", "lo", "up");
        return made;
    }

    /// <summary>Runs this inside, on a thread of its own, and waits. See the remarks on the class.</summary>
    public void Run(Action action) => Run(() =>
    {
        action();
        return 0;
    });

    /// <inheritdoc cref="Run(Action)"/>
    public T Run<T>(Func<T> function)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        OnThread(() =>
        {
            try
            {
                LabNative.Check(LabNative.setns(_descriptor, LabNative.CLONE_NEWNET), "setns");
                result = function();
            }
#pragma warning disable CA1031 // it is thrown again on the caller's thread
            catch (Exception thrown)
#pragma warning restore CA1031
            {
                failure = ExceptionDispatchInfo.Capture(thrown);
            }
        });
        failure?.Throw();
        return result;
    }

    /// <summary>Runs a command inside, to its end, and returns its standard output.</summary>
    /// <exception cref="ShellException">It failed.</exception>
    public string Shell(string command, params string[] arguments) => ShellWithInput("", command, arguments);

    /// <summary>Runs a command with this standard input inside, to its end, and returns its standard output.</summary>
    /// <exception cref="ShellException">It failed.</exception>
    public string ShellWithInput(string input, string command, params string[] arguments) =>
        Lab.Shell.RunWithInput(input, "nsenter", Enter(command, arguments));

    /// <summary>
    /// Renames interfaces, one after another. Linux before 6.2 renames only interfaces that are down: there each is set down before and up after.
    /// </summary>
    public void Rename(params (string Name, string NewName)[] renames)
    {
        try
        {
            Batch(renames.Select(r => $"link set dev {r.Name} name {r.NewName}"));
        }
        catch (ShellException refused) when (refused.StandardError.Contains("busy", StringComparison.Ordinal))
        {
            Batch(renames.SelectMany(r => new[] { $"link set dev {r.Name} down", $"link set dev {r.Name} name {r.NewName}", $"link set dev {r.NewName} up" }));
        }

        void Batch(IEnumerable<string> commands) => ShellWithInput(string.Join('\n', commands) + '\n', "ip", "-batch", "-");
    }

    /// <summary>Starts a process inside. nsenter keeps its pid, and leaves mounts (bpffs) as they are.</summary>
    public Process Start(ProcessStartInfo start)
    {
        var arguments = Enter(start.FileName, start.ArgumentList.ToArray());
        start.FileName = "nsenter";
        start.ArgumentList.Clear();
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    /// <summary>The index of an interface here; 0 when there is none of this name.</summary>
    public uint IfindexOf(string interfaceName) => Run(() => LabNative.if_nametoindex(interfaceName));

    /// <summary>
    /// Whether an interface can carry frames and the kernel has announced it: IFF_RUNNING follows the carrier when linkwatch has run.
    /// False for a missing interface.
    /// </summary>
    public unsafe bool IsRunning(string interfaceName) => Run(() =>
    {
        using var socket = new LabHandle(LabNative.Check(LabNative.socket(LabNative.AF_INET, LabNative.SOCK_DGRAM | LabNative.SOCK_CLOEXEC, 0), "socket"));
        LabNative.ifreq request = default;
        Encoding.UTF8.GetBytes(interfaceName, new Span<byte>(request.ifr_name, 15));
        return LabNative.ioctl(socket, LabNative.SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & LabNative.IFF_RUNNING) != 0;
    });

    /// <summary>The names of the interfaces here.</summary>
    public IReadOnlyList<string> InterfaceNames() => Run(() => File.ReadAllLines("/proc/thread-self/net/dev")
        .Skip(2)
        .Select(line => line[..line.LastIndexOf(':')].Trim())
        .ToList());

    /// <summary>Removes all interfaces but loopback.</summary>
    public void RemoveInterfaces()
    {
        if (!_owned)
            throw new InvalidOperationException("the interfaces of the initial namespace are the machine's");
        // "force" goes on if one end of a pair disappeared with the other.
        var names = InterfaceNames().Where(name => name != "lo").ToList();
        if (names.Count > 0)
            ShellWithInput(string.Concat(names.Select(name => $"link del dev {name}\n")), "sh", "-c", "ip -force -batch - 2>/dev/null || true");
    }

    /// <summary>Removes the namespace and its interfaces.</summary>
    public void Dispose()
    {
        if (this == Initial || _descriptor.IsClosed)
            return;
        if (!_owned)
        {
            _descriptor.Dispose();
            return;
        }

        try
        {
            // At once, and not only when the last thread that was inside has ended.
            RemoveInterfaces();
        }
        finally
        {
            _descriptor.Dispose();
            if (Name is not null)
                Lab.Shell.Run("ip", "netns", "del", Name);
        }
    }

    /// <summary>Keeps IPv6 off an interface, or a scope, of the calling thread's namespace.</summary>
    public static void DisableIpv6(string scope)
    {
        var setting = $"/proc/sys/net/ipv6/conf/{scope}/disable_ipv6";
        if (File.Exists(setting))
            File.WriteAllText(setting, "1");
    }

    /// <summary>Turns IPv6 of an interface on again, inside the namespace of the calling thread.</summary>
    public static void EnableIpv6(string name) => File.WriteAllText($"/proc/sys/net/ipv6/conf/{name}/disable_ipv6", "0");

    private static LabHandle Open(string path) =>
        new(LabNative.Check(LabNative.open(path, LabNative.O_RDONLY | LabNative.O_CLOEXEC), $"open {path}"));

    private static LabHandle OpenNew()
    {
        LabHandle? made = null;
        Exception? failure = null;
        OnThread(() =>
        {
            try
            {
                LabNative.Check(LabNative.unshare(LabNative.CLONE_NEWNET), "unshare (root is needed)");
                made = Open("/proc/thread-self/ns/net");
            }
            catch (IOException thrown)
            {
                failure = thrown;
            }
        });
        return made ?? throw failure!;
    }

    private static void OnThread(ThreadStart body)
    {
        var thread = new Thread(body) { IsBackground = true, Name = "in namespace" };
        thread.Start();
        thread.Join();
    }

    private string[] Enter(string command, string[] arguments) => [$"--net={Path}", "--", command, .. arguments];
}
