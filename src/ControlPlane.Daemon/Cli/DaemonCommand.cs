using System.CommandLine;
using System.CommandLine.Invocation;
using ControlPlane.Core.Api;
using ControlPlane.Daemon.Hosting;

namespace ControlPlane.Daemon.Cli;

/// <summary>
/// A subcommand of devmapd. <see cref="CommandLine"/> finds every class that is derived from this one and has a constructor without
/// parameters, so a new subcommand is one new file. Its options are those added to it.
/// </summary>
internal abstract class DaemonCommand(string name, string description) : Command(name, description)
{
    /// <summary>Whether the command writes a log, which then also has the reason of a refusal.</summary>
    public virtual bool Logs => false;

    /// <summary>Carries out the command; returns one of <see cref="ExitCodes"/>.</summary>
    /// <exception cref="StartRefusedException">The configuration or the host does not allow it.</exception>
    public abstract Task<int> RunAsync(CommandCall call);
}

/// <summary>One call of the program.</summary>
/// <param name="Command">The command to carry out; null if the call asks for help or the version.</param>
/// <param name="Arguments">The configuration that the arguments give.</param>
/// <param name="Options">The options of the command.</param>
/// <param name="Build">Builds the daemon.</param>
internal sealed record CommandCall(DaemonCommand? Command, Arguments Arguments, ParseResult Options, Func<Arguments, WebApplication>? Build);

/// <summary>Prints the version.</summary>
internal sealed class VersionAction : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        parseResult.InvocationConfiguration.Output.WriteLine($"devmapd {HostService.DaemonVersion}");
        return ExitCodes.Ok;
    }
}
