using System.Globalization;
using ControlPlane.Core.Storing;
using ControlPlane.Daemon.Options;
using ControlPlane.Kernel.Hosting;
using ControlPlane.Storage;

namespace ControlPlane.Daemon.Hosting;

/// <summary>The commands that do one thing and end. They read the daemon's configuration, so that they find what it would use.</summary>
internal static class Maintenance
{
    /// <summary>Carries out the task and tells what came of it.</summary>
    /// <exception cref="StartRefusedException">The configuration or the host is not fit for it.</exception>
    /// <exception cref="StoreException">The store is damaged, newer, or cannot be read.</exception>
    public static void Run(Arguments arguments, TextWriter output)
    {
        var options = WebApplication.CreateEmptyBuilder(new() { ContentRootPath = AppContext.BaseDirectory }).AddConfiguration(arguments);
        if (arguments.Task == DaemonTask.CheckStore)
            CheckStore(options, output);
        else
            TearDown(options, withStore: arguments.Task == DaemonTask.TeardownWithStore, output);
    }

    /// <summary>Takes no lock: it reads a snapshot, beside a daemon too, and changes neither store nor kernel.</summary>
    private static void CheckStore(ControlPlaneOptions options, TextWriter output)
    {
        var path = Path.Combine(options.StateDirectory, SqliteStore.FileName);
        if (!File.Exists(path))
            throw new StartRefusedException(ExitCodes.IoError,
                $"There is no store at {path}, or it cannot be seen by this user.",
                "A daemon makes it at its first start; ControlPlane:StateDirectory names the folder.");

        var (version, state) = SqliteStore.Inspect(options.StateDirectory);
        var known = version == SqliteStore.SchemaVersion
            ? ""
            : Text($" (the next start makes it {SqliteStore.SchemaVersion})");
        output.WriteLine($"The store at {path} is whole.");
        output.WriteLine(Text($"schema version {version}{known}"));
        output.WriteLine(Text($"revision {state.Revision}"));
        output.WriteLine(Text($"programs {state.Programs.Count}"));
        foreach (var devmap in state.Devmaps.Order(StringComparer.Ordinal))
        {
            var (entries, attachments) = (state.Entries.Count(e => e.Devmap == devmap), state.Attachments.Count(a => a.Devmap == devmap));
            output.WriteLine(Text($"devmap {devmap}: entries {entries}, attachments {attachments}"));
        }
    }

    private static void TearDown(ControlPlaneOptions options, bool withStore, TextWriter output)
    {
        using var claims = HostClaims.TakePins(options, withStore);
        var teardown = Teardown.Run(options.PinRoot);
        foreach (var line in teardown.Removed)
            output.WriteLine(line);
        foreach (var line in teardown.Kept)
            output.WriteLine($"kept: {line}");

        var path = Path.Combine(options.StateDirectory, SqliteStore.FileName);
        if (withStore && SqliteStore.Remove(options.StateDirectory))
            output.WriteLine($"removed the store {path}");
        else if (!withStore && File.Exists(path))
            output.WriteLine($"kept: the store {path}, from which the next start brings all of this back; --teardown --with-store removes it, too.");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
