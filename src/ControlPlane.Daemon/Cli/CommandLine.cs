using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using ControlPlane.Daemon.Hosting;

namespace ControlPlane.Daemon.Cli;

/// <summary>
/// The command line of devmapd: subcommands and their options by System.CommandLine, and configuration keys, which stand anywhere.
/// An unknown argument is refused, never ignored.
/// </summary>
internal static class CommandLine
{
    /// <summary>Carries out what the arguments ask for; returns one of <see cref="ExitCodes"/>.</summary>
    /// <param name="args">The arguments of the process.</param>
    /// <param name="build">Builds the daemon, for <c>run</c>.</param>
    public static async Task<int> RunAsync(string[] args, Func<Arguments, WebApplication> build)
    {
        DaemonCommand? command = null;
        try
        {
            var call = Parse(args, build);
            command = call.Command;
            return command is null ? await call.Options.InvokeAsync() : await command.RunAsync(call);
        }
        catch (Exception e)
        {
            return Refusal.Report(e, toLog: command?.Logs ?? true);
        }
    }

    /// <summary>Reads the arguments.</summary>
    /// <exception cref="StartRefusedException">Some arguments are not valid; all of them are named.</exception>
    public static CommandCall Parse(IReadOnlyList<string> args, Func<Arguments, WebApplication>? build = null)
    {
        var (settings, rest) = SettingArguments.Split(args);
        var run = new RunCommand();
        var config = new Option<string?>("--config")
        {
            Description = "Reads the settings from FILE instead of the appsettings.json beside the program.", HelpName = "FILE", Recursive = true,
        };
        var root = new Command("devmapd", "Owns BPF devmaps and XDP redirect programs on this host and serves them by REST and gRPC.")
        {
            config, new HelpOption { Action = new SettingArguments.Help() }, new VersionOption { Action = new VersionAction() },
        };
        run.Options.ToList().ForEach(root.Add);
        foreach (var command in Commands(run))
            root.Add(command);
        root.SetAction(_ => ExitCodes.Ok); // a call without a subcommand is valid: it means run

        var parsed = root.Parse(rest, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var chosen = parsed.CommandResult.Command as DaemonCommand ?? run;
        string[] errors = [.. parsed.Errors.Select(e => e.Message), .. Directives(parsed), .. Misplaced(parsed, chosen)];
        if (errors.Length > 0)
            throw new StartRefusedException(ExitCodes.Usage, [.. errors, "devmapd --help lists the commands and options."]);

        var file = parsed.GetValue(config);
        var arguments = new Arguments(parsed.GetValue(run.Simulate), file is null ? null : Path.GetFullPath(file), settings);
        return new CommandCall(parsed.Action is HelpAction or SettingArguments.Help or VersionAction ? null : chosen, arguments, parsed, build);
    }

    /// <summary>All subcommands: every class derived from <see cref="DaemonCommand"/> is one, unless it belongs to another subcommand.</summary>
    private static IEnumerable<DaemonCommand> Commands(RunCommand run) => typeof(DaemonCommand).Assembly.GetTypes()
        .Where(type => type.IsSubclassOf(typeof(DaemonCommand)) && type != typeof(RunCommand) && !type.IsNested)
        .Select(type => (DaemonCommand)Activator.CreateInstance(type)!)
        .Append(run)
        .OrderBy(command => command.Name, StringComparer.Ordinal);

    /// <summary>The library ignores a first argument in brackets if no directive has its name, and no directive has any.</summary>
    private static IEnumerable<string> Directives(ParseResult parsed) => parsed.Tokens
        .Where(token => token.Type == TokenType.Directive)
        .Select(token => $"Unrecognized command or argument '{token.Value}'.");

    /// <summary>The options of <c>run</c> also stand without it; before another subcommand they would be ignored.</summary>
    private static IEnumerable<string> Misplaced(ParseResult parsed, DaemonCommand chosen) => parsed.RootCommandResult.Children
        .OfType<OptionResult>()
        .Where(given => !given.Implicit && !given.Option.Recursive && given.Option.Action is null && !chosen.Options.Contains(given.Option))
        .Select(given => $"'{given.Option.Name}' is not an option of '{chosen.Name}'.");
}
