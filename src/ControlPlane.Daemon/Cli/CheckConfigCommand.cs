using ControlPlane.Daemon.Hosting;

namespace ControlPlane.Daemon.Cli;

/// <summary><c>devmapd check-config</c>: validates the configuration as a start would, and touches nothing.</summary>
internal sealed class CheckConfigCommand() : DaemonCommand("check-config", "Validates the configuration and prints every error. Changes nothing.")
{
    /// <inheritdoc/>
    public override Task<int> RunAsync(CommandCall call)
    {
        ConfigurationSources.Read(call.Arguments);
        Console.Out.WriteLine("The configuration is valid.");
        return Task.FromResult(ExitCodes.Ok);
    }
}
