using System.Globalization;
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
        var path = Path.Combine(options.StateDirectory, SqliteStore.FileName);
        if (!File.Exists(path))
            throw new StartRefusedException(ExitCodes.IoError,
                $"There is no store at {path}, or this user cannot see it.",
                "A daemon makes it at its first start; ControlPlane:StateDirectory names the folder.");

        var (version, state) = SqliteStore.Inspect(options.StateDirectory);
        Print($"The store at {path} is whole.");
        Print($"schema version {version}{(version == SqliteStore.SchemaVersion ? "" : $" (the next start makes it {SqliteStore.SchemaVersion})")}");
        Print($"revision {state.Revision}");
        Print($"programs {state.Programs.Count}");
        foreach (var devmap in state.Devmaps.Select(d => d.Name).Order(StringComparer.Ordinal))
        {
            var (entries, attachments) = (state.Entries.Count(e => e.Devmap == devmap), state.Attachments.Count(a => a.Devmap == devmap));
            Print($"devmap {devmap}: entries {entries}, attachments {attachments}");
        }

        return Task.FromResult(ExitCodes.Ok);
    }

    private static void Print(FormattableString text) => Console.Out.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
