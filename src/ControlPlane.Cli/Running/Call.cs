using System.CommandLine;
using ControlPlane.Cli.Output;
using ControlPlane.Client;

namespace ControlPlane.Cli.Running;

/// <summary>One run of a command.</summary>
internal sealed class Call : IDisposable
{
    private readonly Lazy<Context> _context;
    private readonly Lazy<DevmapdClient> _client;

    /// <summary>Makes the run. Nothing is connected before a command asks for the client.</summary>
    public Call(ParseResult parsed, Terminal terminal, CancellationToken cancellation)
    {
        (Parsed, Terminal, Cancellation) = (parsed, terminal, cancellation);
        _context = new(() => Connection.Find(parsed.GetValue(GlobalOptions.Context), parsed.GetValue(GlobalOptions.Address)));
        _client = new(() => Connection.Open(_context.Value, parsed.GetValue(GlobalOptions.TokenFile)));
    }

    /// <summary>The arguments.</summary>
    public ParseResult Parsed { get; }

    /// <summary>Where it reads and writes.</summary>
    public Terminal Terminal { get; }

    /// <summary>Ends it.</summary>
    public CancellationToken Cancellation { get; }

    /// <summary>The results.</summary>
    public TextWriter Out => Terminal.Out;

    /// <summary>The daemon.</summary>
    public DevmapdClient Client => _client.Value;

    /// <summary>The address of the daemon.</summary>
    public string Address => _context.Value.Address;

    /// <summary>The devmap.</summary>
    public string Devmap => Parsed.GetValue(GlobalOptions.Devmap) ?? _context.Value.Devmap ?? "default";

    /// <summary>Whether the caller named a devmap.</summary>
    public bool HasDevmap => Parsed.GetValue(GlobalOptions.Devmap) is not null;

    /// <summary>The form of the output.</summary>
    /// <exception cref="CommandFailedException">There is no such form.</exception>
    public Printer Printer => new(Parsed.GetValue(GlobalOptions.Output)!, Terminal);

    /// <summary>Returns the value of an option.</summary>
    public T? Get<T>(Option<T> option) => Parsed.GetValue(option);

    /// <summary>Returns the value of an argument.</summary>
    public T? Get<T>(Argument<T> argument) => Parsed.GetValue(argument);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_client.IsValueCreated)
            _client.Value.Dispose();
    }
}

/// <summary>A command of devmapctl: its options are those added to it.</summary>
internal abstract class CtlCommand(string name, string description) : Command(name, description)
{
    /// <summary>Carries it out; returns one of <see cref="ExitCodes"/>.</summary>
    public abstract Task<int> RunAsync(Call call);
}

/// <summary>A command that only has subcommands.</summary>
internal sealed class GroupCommand : CtlCommand
{
    public GroupCommand(string name, string description, params CtlCommand[] commands)
        : base(name, description) => commands.ToList().ForEach(Add);

    /// <inheritdoc/>
    public override Task<int> RunAsync(Call call) =>
        throw CommandFailedException.Usage($"Say which: {string.Join(", ", Subcommands.Select(c => $"devmapctl {Name} {c.Name}"))}.");
}
