using System.CommandLine;
using ControlPlane.Daemon.Hosting;
using ControlPlane.Storage;

namespace ControlPlane.Daemon.Cli;

/// <summary>
/// <c>devmapd backup FILE</c>: copies the store to a file by SQLite's backup API. It takes no lock, so it also works beside a daemon, and
/// changes neither store nor kernel.
/// </summary>
internal sealed class BackupCommand : DaemonCommand
{
    private readonly Argument<string> _file = new("FILE") { Description = "The file to make. It must not exist." };

    public BackupCommand() : base("backup", "Copies the store to a file. Works beside a daemon.") => Add(_file);

    /// <inheritdoc/>
    public override Task<int> RunAsync(CommandCall call)
    {
        var (options, file) = (ConfigurationSources.Read(call.Arguments), Path.GetFullPath(call.Options.GetValue(_file)!));
        StoreCommands.RequireStore(options);
        try
        {
            SqliteStore.Backup(options.StateDirectory, file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException(ExitCodes.CannotCreate, $"The copy cannot be made: {e.Message}", "Name another file, in a folder that exists and has room.");
        }

        StoreCommands.Print($"The store is copied to {file}.", SqliteStore.InspectFile(file));
        return Task.FromResult(ExitCodes.Ok);
    }
}
