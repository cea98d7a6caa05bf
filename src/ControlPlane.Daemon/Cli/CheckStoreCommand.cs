using ControlPlane.Daemon.Hosting;
using ControlPlane.Storage;

namespace ControlPlane.Daemon.Cli;

/// <summary>
/// <c>devmapd check-store</c>: checks the store and prints what it holds. It takes no lock, so it also works beside a daemon, and
/// changes neither store nor kernel.
/// </summary>
internal sealed class CheckStoreCommand()
    : DaemonCommand("check-store", "Checks the store and prints what it holds. Needs no privileges, and works beside a daemon.")
{
    /// <inheritdoc/>
    public override Task<int> RunAsync(CommandCall call)
    {
        var options = ConfigurationSources.Read(call.Arguments);
        var path = StoreCommands.RequireStore(options);
        StoreCommands.Print($"The store at {path} is whole.", SqliteStore.Inspect(options.StateDirectory));
        return Task.FromResult(ExitCodes.Ok);
    }
}
