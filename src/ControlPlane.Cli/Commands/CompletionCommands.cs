using System.CommandLine;
using System.CommandLine.Completions;
using ControlPlane.Cli.Resources;
using ControlPlane.Cli.Running;

namespace ControlPlane.Cli.Commands;

/// <summary><c>devmapctl completion</c>: prints the script that completes devmapctl in a shell.</summary>
internal sealed class CompletionCommand : CtlCommand
{
    private readonly Argument<string> _shell = new("SHELL") { HelpName = "SHELL", Description = "The shell: bash, zsh or fish." };

    public CompletionCommand()
        : base("completion", "Print the completion for a shell: source <(devmapctl completion bash).")
    {
        _shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        Add(_shell);
    }

    /// <inheritdoc/>
    public override Task<int> RunAsync(Call call)
    {
        call.Out.Write(call.Get(_shell) switch { "bash" => Bash, "zsh" => Zsh, _ => Fish });
        return Task.FromResult(ExitCodes.Ok);
    }

    private const string Bash = """
        # Completes devmapctl in bash.
        _devmapctl() {
            local line=${COMP_LINE:0:COMP_POINT} current=${COMP_WORDS[COMP_CWORD]}
            case ${COMP_WORDS[COMP_CWORD - 1]} in
                -f | --filename | --token-file | --certificate | --key | --authority)
                    mapfile -t COMPREPLY < <(compgen -f -- "$current")
                    return
                    ;;
            esac
            mapfile -t COMPREPLY < <(compgen -W "$(devmapctl __complete -- "$line" 2>/dev/null)" -- "$current")
        }
        complete -F _devmapctl devmapctl

        """;

    private const string Zsh = """
        #compdef devmapctl
        # Completes devmapctl in zsh.
        _devmapctl() {
            local -a found
            found=("${(@f)$(devmapctl __complete -- "${(j: :)words[1,CURRENT]}" 2>/dev/null)}")
            if [[ ${words[CURRENT-1]} == (-f|--filename|--token-file|--certificate|--key|--authority) ]]; then
                _files
            else
                compadd -- $found
            fi
        }
        compdef _devmapctl devmapctl

        """;

    private const string Fish = """
        # Completes devmapctl in fish.
        function __devmapctl_complete
            devmapctl __complete -- (string join ' ' -- (commandline -opc) (commandline -ct)) 2>/dev/null
        end
        complete -c devmapctl -f -a '(__devmapctl_complete)'
        complete -c devmapctl -s f -l filename -r -F

        """;
}

/// <summary><c>devmapctl __complete</c>: the candidates for the last word of a line, for the scripts.</summary>
internal sealed class CompleteCommand : CtlCommand
{
    private readonly Argument<string> _line = new("LINE") { Description = "The line until the cursor." };

    public CompleteCommand()
        : base("__complete", "List the candidates for the last word of a line.")
    {
        Hidden = true;
        Add(_line);
    }

    /// <inheritdoc/>
    public override Task<int> RunAsync(Call call)
    {
        var line = call.Get(_line)!;
        var start = line.IndexOf(' ', StringComparison.Ordinal);
        var rest = start < 0 ? "" : line[(start + 1)..];
        var last = rest.EndsWith(' ') ? "" : rest.Split(' ')[^1];
        var candidates = Devmapctl.Root().Parse(rest).GetCompletions(rest.Length).Select(c => c.Label)
            .Where(label => label.StartsWith(last, StringComparison.Ordinal) && label is not ("/?" or "/h" or "-?"))
            .Where(label => last.StartsWith('-') || !label.StartsWith('-'));
        candidates.Distinct().ToList().ForEach(call.Out.WriteLine);
        return Task.FromResult(ExitCodes.Ok);
    }
}

/// <summary>Candidates that the daemon knows.</summary>
internal static class Completions
{
    private const int Most = 200;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>The names of resources of a kind; none if the daemon does not answer at once.</summary>
    public static IEnumerable<CompletionItem> Names(ParseResult parsed, string? kind)
    {
        try
        {
            using var end = new CancellationTokenSource(Patience);
            using var call = new Call(parsed, new Terminal(TextWriter.Null, TextWriter.Null, TextReader.Null, false), end.Token);
            return Task.Run(() => ReadAsync(call, Kinds.Of(kind ?? "")), end.Token).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is Client.DevmapdException or OperationCanceledException or CommandFailedException or IOException)
        {
            return [];
        }
    }

    private static async Task<List<CompletionItem>> ReadAsync(Call call, Kind kind)
    {
        var names = new List<CompletionItem>();
        await foreach (var item in kind.ListAsync(call, new Query(kind.IsOfDevmap ? call.Devmap : "")))
        {
            names.Add(new CompletionItem(kind.NameOf(item)));
            if (names.Count == Most)
                break;
        }

        return names;
    }
}
