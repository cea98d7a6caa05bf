using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using ControlPlane.Daemon.Options;

namespace ControlPlane.Daemon.Cli;

/// <summary>Configuration keys as arguments, <c>--SECTION:KEY=VALUE</c>: any key of the two sections, before or after a subcommand.</summary>
internal static class SettingArguments
{
    private static readonly string[] Sections = [ControlPlaneOptions.Section, "Serilog"];

    /// <summary>Separates configuration keys from all other arguments. A key that is given twice has its last value.</summary>
    public static (IReadOnlyDictionary<string, string?> Settings, IReadOnlyList<string> Others) Split(IReadOnlyList<string> args)
    {
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        var rest = new List<string>();
        foreach (var argument in args)
        {
            if (TrySplit(argument, out var key, out var value))
                settings[key] = value;
            else
                rest.Add(argument);
        }

        return (settings, rest);
    }

    private static bool TrySplit(string argument, out string key, out string value)
    {
        var equals = argument.IndexOf('=', StringComparison.Ordinal);
        (key, value) = equals > 2 ? (argument[2..equals], argument[(equals + 1)..]) : ("", "");
        return argument.StartsWith("--", StringComparison.Ordinal) && key.Contains(':', StringComparison.Ordinal)
            && Sections.Contains(key.Split(':')[0], StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Prints the help of the library, followed by how to give configuration keys.</summary>
    public sealed class Help : SynchronousCommandLineAction
    {
        private const string Text = """
            Configuration:
              --ControlPlane:KEY=VALUE  Sets a key of section ControlPlane, for instance
                                        --ControlPlane:Listen:Rest=http://127.0.0.1:8080 --ControlPlane:Devmaps:0:MaxEntries=1024
              --Serilog:KEY=VALUE       Sets a key of the log, for instance --Serilog:MinimumLevel:Default=Debug

              Every key can also come from the environment, with two underscores for a colon: ControlPlane__PinRoot=...
              Arguments win over the environment, and the environment wins over the settings file.
            """;

        private readonly HelpAction _help = new();

        /// <inheritdoc/>
        public override bool ClearsParseErrors => true;

        /// <inheritdoc/>
        public override int Invoke(ParseResult parseResult)
        {
            var code = _help.Invoke(parseResult);
            parseResult.InvocationConfiguration.Output.WriteLine(Text);
            return code;
        }
    }
}
