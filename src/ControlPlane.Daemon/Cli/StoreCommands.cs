using System.Globalization;
using ControlPlane.Core.Ports;
using ControlPlane.Daemon.Hosting;
using ControlPlane.Daemon.Options;
using ControlPlane.Storage;

namespace ControlPlane.Daemon.Cli;

/// <summary>The parts that the commands about the store share.</summary>
internal static class StoreCommands
{
    /// <summary>Returns the path of the store.</summary>
    /// <exception cref="StartRefusedException">There is none.</exception>
    public static string RequireStore(ControlPlaneOptions options)
    {
        var path = Path.Combine(options.StateDirectory, SqliteStore.FileName);
        return File.Exists(path)
            ? path
            : throw new StartRefusedException(ExitCodes.IoError,
                $"There is no store at {path}, or this user cannot see it.",
                "A daemon makes it at its first start; ControlPlane:StateDirectory names the folder.");
    }

    /// <summary>Prints a sentence, and what a store holds.</summary>
    public static void Print(string sentence, (int SchemaVersion, StoredState State) store)
    {
        var (version, state) = store;
        Console.Out.WriteLine(sentence);
        Print($"schema version {version}{(version == SqliteStore.SchemaVersion ? "" : $" (the next start makes it {SqliteStore.SchemaVersion})")}");
        Print($"revision {state.Revision}");
        Print($"programs {state.Programs.Count}");
        foreach (var devmap in state.Devmaps.Select(d => d.Name).Order(StringComparer.Ordinal))
        {
            var (entries, attachments) = (state.Entries.Count(e => e.Devmap == devmap), state.Attachments.Count(a => a.Devmap == devmap));
            Print($"devmap {devmap}: entries {entries}, attachments {attachments}");
        }
    }

    private static void Print(FormattableString text) => Console.Out.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
