using ControlPlane.Core.Host;

namespace ControlPlane.Daemon.Hosting;

/// <summary>The command line, read strictly: an argument that means nothing is refused and not passed over.</summary>
/// <param name="Task">What is to be done.</param>
/// <param name="Simulate">Run on the simulated kernel.</param>
/// <param name="SettingsFile">The settings file that takes the place of the one beside the program; null for that one.</param>
/// <param name="Settings">Configuration keys and their values.</param>
/// <param name="Answer">The text asked for instead of a run (help, version); null for a run.</param>
internal sealed record Arguments(
    DaemonTask Task,
    bool Simulate,
    string? SettingsFile,
    IReadOnlyDictionary<string, string?> Settings,
    string? Answer)
{
    private static readonly string[] Sections = [Options.ControlPlaneOptions.Section, "Serilog"];

    private const string Help = """
        Usage: devmapd [--simulate | --check-store | --teardown [--with-store]] [--config FILE] [--SECTION:KEY=VALUE ...]

        Owns BPF devmaps and XDP redirect programs on this host and serves them by REST and gRPC.

          --simulate             run on a simulated kernel: no privileges needed, no frame moves
          --check-store          check the store, tell what it has, and end: no privileges needed, also beside a daemon
          --teardown             remove from the kernel all that is ours, and end: refused while a daemon runs
          --with-store           with --teardown: remove the store, too; without, the next start brings all of it back
          --config FILE          read settings from FILE instead of the appsettings.json beside the program
          --ControlPlane:KEY=V   set a key of section ControlPlane, for instance
                                 --ControlPlane:Listen:Rest=http://127.0.0.1:8080 --ControlPlane:Devmaps:0:MaxEntries=1024
          --Serilog:KEY=V        set a key of the log, for instance --Serilog:MinimumLevel:Default=Debug
          --help, --version      print this text, or the version

        Every key may also come from the environment, with two underscores for a colon: ControlPlane__PinRoot=...
        Arguments win over the environment, and that over the settings file.
        """;

    /// <summary>Reads the command line.</summary>
    /// <exception cref="StartRefusedException">Arguments that mean nothing, all of them named.</exception>
    public static Arguments Parse(IReadOnlyList<string> args)
    {
        var parsed = new Arguments(DaemonTask.Serve, Simulate: false, SettingsFile: null, new Dictionary<string, string?>(), Answer: null);
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        var faults = new List<string>();
        var tasks = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < args.Count; i++)
        {
            switch (args[i])
            {
                case "--help" or "-h":
                    return parsed with { Answer = Help };
                case "--version":
                    return parsed with { Answer = $"devmapd {HostService.DaemonVersion}" };
                case "--simulate" or "--check-store" or "--teardown" or "--with-store":
                    tasks.Add(args[i]);
                    break;
                case "--config" when i + 1 < args.Count:
                    parsed = parsed with { SettingsFile = Path.GetFullPath(args[++i]) };
                    break;
                case var setting when TrySplit(setting, out var key, out var value):
                    settings[key] = value;
                    break;
                default:
                    faults.Add($"'{args[i]}' is not an argument of devmapd.");
                    break;
            }
        }

        var (task, simulate) = (DaemonTask.Serve, false);
        switch (string.Join(' ', tasks.Order(StringComparer.Ordinal)))
        {
            case "":
                break;
            case "--simulate":
                simulate = true;
                break;
            case "--check-store":
                task = DaemonTask.CheckStore;
                break;
            case "--teardown":
                task = DaemonTask.Teardown;
                break;
            case "--teardown --with-store":
                task = DaemonTask.TeardownWithStore;
                break;
            case "--with-store":
                faults.Add("--with-store goes with --teardown only.");
                break;
            case var mixed:
                faults.Add($"{mixed}: these do not go together.");
                break;
        }

        return faults.Count == 0
            ? parsed with { Task = task, Simulate = simulate, Settings = settings }
            : throw new StartRefusedException(ExitCodes.Usage, [.. faults, "devmapd --help lists what there is."]);
    }

    private static bool TrySplit(string argument, out string key, out string value)
    {
        var equals = argument.IndexOf('=', StringComparison.Ordinal);
        (key, value) = equals > 2 ? (argument[2..equals], argument[(equals + 1)..]) : ("", "");
        var section = key.Split(':')[0];
        return argument.StartsWith("--", StringComparison.Ordinal) && key.Contains(':', StringComparison.Ordinal)
            && Sections.Contains(section, StringComparer.OrdinalIgnoreCase);
    }
}
