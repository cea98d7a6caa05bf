using System.Globalization;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.Systemd;

/// <summary>
/// A real systemd in namespaces of its own, over a throw-away copy of this machine's files (<c>scripts/systemd-sandbox.sh</c>). Disposing
/// ends all its processes.
/// </summary>
internal sealed class SystemdSandbox : IAsyncDisposable
{
    public const string Service = "devmapd.service";
    public const string Socket = "/run/devmapd/devmapd.sock";
    public const string Settings = "/etc/devmapd/devmapd.conf";

    private static readonly string Script = Repository.PathOf("scripts/systemd-sandbox.sh");

    private readonly string _name;
    private readonly int _init;

    private SystemdSandbox(string name)
    {
        _name = name;
        _init = int.Parse(Shell.Run(Script, "pid", name), CultureInfo.InvariantCulture);
        Network = NetworkNamespace.OfProcess(_init);
    }

    /// <summary>Its network namespace.</summary>
    public NetworkNamespace Network { get; }

    /// <summary>Boots one.</summary>
    public static SystemdSandbox Start()
    {
        var name = LabNames.Next();
        Shell.Run(Script, "start", name);
        var sandbox = new SystemdSandbox(name);
        // The machine may have a daemon of its own.
        sandbox.Run("rm", "-rf", "/usr/lib/devmapd", "/etc/devmapd", "/var/lib/devmapd", "/var/lib/devmapd-netns");
        return sandbox;
    }

    /// <summary>
    /// Returns the path of one of its files, as this machine sees it. Only the kernel resolves it: a program that resolves links itself ends at
    /// the file of this machine.
    /// </summary>
    public string Outside(string path) => string.Create(CultureInfo.InvariantCulture, $"/proc/{_init}/root{path}");

    /// <summary>Runs a command inside and returns its standard output.</summary>
    /// <exception cref="ShellException">It failed.</exception>
    public string Run(string command, params string[] arguments) => Shell.Run(Script, ["exec", _name, command, .. arguments]);

    /// <summary>Runs systemctl inside. A unit that does not start fails it.</summary>
    /// <exception cref="ShellException">It failed; with the journal of the daemon.</exception>
    public string Systemctl(params string[] arguments)
    {
        try
        {
            return Run("timeout", ["50", "systemctl", .. arguments]);
        }
        catch (ShellException e)
        {
            throw new InvalidOperationException($"{e.Message}\n{Journal(Service)}", e);
        }
    }

    /// <summary>Returns a property of a unit.</summary>
    public string Property(string name, string unit = Service) => Run("systemctl", "show", "--value", "--property", name, unit).Trim();

    /// <summary>Returns the process id of a service, as the sandbox sees it.</summary>
    public string MainPid(string unit = Service) => Property("MainPID", unit);

    /// <summary>Returns what a unit has logged.</summary>
    public string Journal(string unit = Service) => Run("journalctl", "--no-pager", "--output=cat", "--unit", unit);

    /// <summary>Installs the build that is under test as <c>make install</c> does, and starts nothing.</summary>
    public void Install()
    {
        Run("mkdir", "-p", "/etc/devmapd", "/usr/lib/systemd/system/devmapd.service.d");
        Shell.Run("cp", "-r", DaemonFiles, Outside("/usr/lib/devmapd"));
        foreach (var unit in new[] { "devmapd.service", "devmapd.socket", "devmapd@.service", "devmapd@.socket" })
            File.Copy(Repository.PathOf($"systemd/{unit}"), Outside($"/usr/lib/systemd/system/{unit}"));
        File.Copy(Repository.PathOf("systemd/devmapd.sysusers"), Outside("/usr/lib/sysusers.d/devmapd.conf"));
        File.Copy(Repository.PathOf("systemd/devmapd.tmpfiles"), Outside("/usr/lib/tmpfiles.d/devmapd.conf"));
        WriteSettings();
        // This build takes the runtime from where this test has it.
        WriteDropIn(Service, "runtime", $"[Service]\nEnvironment=DOTNET_ROOT={DotnetRoot}");
        WriteDropIn("devmapd@.service", "runtime", $"[Service]\nEnvironment=DOTNET_ROOT={DotnetRoot}");
        Run("systemd-sysusers");
        Run("systemd-tmpfiles", "--create", "devmapd.conf");
        Systemctl("daemon-reload");
    }

    /// <summary>Writes a drop-in of a unit. systemd reads it at the next <c>daemon-reload</c>.</summary>
    public void WriteDropIn(string unit, string name, string content)
    {
        Directory.CreateDirectory(Outside($"/etc/systemd/system/{unit}.d"));
        File.WriteAllText(Outside($"/etc/systemd/system/{unit}.d/{name}.conf"), content + "\n");
    }

    /// <summary>Removes a drop-in of a unit, and restarts the unit without it.</summary>
    public void RemoveDropIn(string unit, string name)
    {
        File.Delete(Outside($"/etc/systemd/system/{unit}.d/{name}.conf"));
        Systemctl("daemon-reload");
        Systemctl("restart", unit);
    }

    /// <summary>Writes the settings file of the package, with more settings.</summary>
    public void WriteSettings(string more = "") => File.WriteAllText(
        Outside(Settings), $$"""{ "ControlPlane": { "Listen": { "Rest": "", "Grpc": "" }, {{more}} "Devmaps": [ { "Name": "default" } ] } }""");

    /// <summary>Returns a REST client of the daemon.</summary>
    /// <param name="socket">The path of the unix socket inside.</param>
    public HttpClient Connect(string socket = Socket) => UnixHttp.Connect(() => Outside(socket));

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Network.Dispose();
        Shell.Run(Script, "stop", _name);
        return ValueTask.CompletedTask;
    }

    private static string DotnetRoot =>
        Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));

    // The daemon alone: the tests' own folder has far more files.
    private static string DaemonFiles =>
        Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory).Replace("tests/ControlPlane.EndToEndTests", "src/ControlPlane.Daemon", StringComparison.Ordinal);
}
