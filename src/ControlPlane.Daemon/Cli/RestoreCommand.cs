using System.CommandLine;
using ControlPlane.Daemon.Hosting;
using ControlPlane.Storage;

namespace ControlPlane.Daemon.Cli;

/// <summary>
/// <c>devmapd restore FILE</c>: replaces the store by a copy of a backup. The store before is kept. The next start makes the kernel match the
/// restored store.
/// </summary>
internal sealed class RestoreCommand : DaemonCommand
{
    private readonly Argument<string> _file = new("FILE") { Description = "A file that devmapd backup has made." };

    public RestoreCommand() : base("restore", "Replaces the store by a backup. Refused while a daemon runs.") => Add(_file);

    /// <inheritdoc/>
    public override Task<int> RunAsync(CommandCall call)
    {
        var (options, file) = (ConfigurationSources.Read(call.Arguments), Path.GetFullPath(call.Options.GetValue(_file)!));
        if (!File.Exists(file))
            throw new StartRefusedException(ExitCodes.IoError, $"There is no backup at {file}, or this user cannot see it.");
        using var claims = HostClaims.TakeState(options);
        try
        {
            var kept = SqliteStore.Restore(options.StateDirectory, file);
            StoreCommands.Print($"The store is restored from {file}.", SqliteStore.Inspect(options.StateDirectory));
            if (kept is not null)
                Console.Out.WriteLine($"kept: the store before, as {kept}");
            return Task.FromResult(ExitCodes.Ok);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException(ExitCodes.CannotCreate, $"The store cannot be replaced: {e.Message}", "Make room in ControlPlane:StateDirectory, or run the command as the user of the daemon.");
        }
    }
}
