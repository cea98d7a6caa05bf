using ControlPlane.Core.Host;

namespace ControlPlane.Daemon.Hosting;

/// <summary>The command line, read strictly: an argument that means nothing is refused and not passed over.</summary>
/// <param name="Simulate">Run on the simulated kernel.</param>
/// <param name="SettingsFile">The settings file that takes the place of the one beside the program; null for that one.</param>
/// <param name="Settings">Configuration keys and their values.</param>
/// <param name="Answer">The text asked for instead of a run (help, version); null for a run.</param>
internal sealed record Arguments(
    bool Simulate,
    string? SettingsFile,
    IReadOnlyDictionary<string, string?> Settings,
    string? Answer)
{
    private static readonly string[] Sections = [Options.ControlPlaneOptions.Section, "Serilog"];

    private const string Help = """
        Usage: devmapd [--simulate] [--config FILE] [--SECTION:KEY=VALUE ...]

        Owns BPF devmaps and XDP redirect programs on this host and serves them by REST and gRPC.

          --simulate             run on a simulated kernel: no privileges needed, no frame moves
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
        var parsed = new Arguments(Simulate: false, SettingsFile: null, new Dictionary<string, string?>(), Answer: null);
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        var faults = new List<string>();
        for (var i = 0; i < args.Count; i++)
        {
            switch (args[i])
            {
                case "--help" or "-h":
                    return parsed with { Answer = Help };
                case "--version":
                    return parsed with { Answer = $"devmapd {HostService.DaemonVersion}" };
                case "--simulate":
                    parsed = parsed with { Simulate = true };
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

        return faults.Count == 0
            ? parsed with { Settings = settings }
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
