using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using ControlPlane.Cli.Commands;
using ControlPlane.Cli.Running;

namespace ControlPlane.Cli;

/// <summary>The command line of devmapctl.</summary>
internal static class Devmapctl
{
    /// <summary>Carries out a command; returns one of <see cref="ExitCodes"/>.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, Terminal terminal, CancellationToken cancellation = default)
    {
        var parsed = Root().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is HelpAction help)
        {
            parsed.InvocationConfiguration.Output = terminal.Out;
            return help.Invoke(parsed);
        }

        string[] errors = [.. parsed.Errors.Select(e => e.Message), .. Unknown(parsed).Select(token => $"Unrecognized option or argument '{token.Value}'.")];
        using var call = new Call(parsed, terminal, cancellation);
        try
        {
            if (parsed.CommandResult.Command is not CtlCommand command)
                throw CommandFailedException.Usage($"{(args.Count == 0 ? "Say what to do." : string.Join('\n', errors))}\n'devmapctl --help' lists the commands.");
            if (errors.Length > 0 && command is not GroupCommand)
                throw CommandFailedException.Usage($"{string.Join('\n', errors)}\n'devmapctl {command.Name} --help' shows how to call it.");
            return await command.RunAsync(call);
        }
        catch (Exception e)
        {
            return Failures.Report(e, terminal, () => call.Address);
        }
    }

    // The library takes an unknown option for a name where names are taken, and ignores directives.
    private static IEnumerable<Token> Unknown(ParseResult parsed) => parsed.Tokens
        .TakeWhile(token => token.Type != TokenType.DoubleDash)
        .Where(token => token.Type == TokenType.Directive || (token.Type == TokenType.Argument && token.Value.StartsWith("--", StringComparison.Ordinal)));

    /// <summary>All commands, in the order of the help.</summary>
    public static Command Root()
    {
        var root = new Command("devmapctl", "Steers a devmapd daemon: devmaps, their entries, attachments and egress programs.") { new HelpOption() };
        GlobalOptions.All.ToList().ForEach(root.Add);
        CtlCommand[] commands =
        [
            new GetCommand(), new DescribeCommand(), new ExplainCommand(),
            new SetCommand(), new DeleteCommand(), new AttachCommand(), new DetachCommand(), ProgramCommands.Group(), LeaseCommands.Group(), new EditCommand(),
            new ApplyCommand(), new DiffCommand(), new ExportCommand(),
            new WaitCommand(), new WatchCommand(), new EventsCommand(), new TopCommand(),
            new HistoryCommand(), new RevertCommand(), new AuditCommand(), new DoctorCommand(), new ProbeCommand(),
            TokenCommands.Group(), ContextCommands.Group(), new StoreCommand("backup"), new StoreCommand("restore"),
            new UiCommand(), new CompletionCommand(), new CompleteCommand(), new VersionCommand(),
        ];
        foreach (var command in commands)
            root.Add(command);
        return root;
    }
}
