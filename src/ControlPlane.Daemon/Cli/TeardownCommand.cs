using System.CommandLine;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Ports;
using ControlPlane.Daemon.Hosting;
using ControlPlane.Daemon.Options;
using ControlPlane.Kernel.Hosting;
using ControlPlane.Kernel.Probing;
using ControlPlane.Storage;

namespace ControlPlane.Daemon.Cli;

/// <summary><c>devmapd teardown</c>: removes from the kernel all that devmapd made, and nothing else.</summary>
internal sealed class TeardownCommand : DaemonCommand
{
    private readonly Option<bool> _withStore = new("--with-store")
    {
        Description = "Also removes the store. Otherwise the next start brings everything back.",
    };

    public TeardownCommand() : base("teardown", "Removes from the kernel all that devmapd made. Refused while a daemon runs.") => Add(_withStore);

    /// <inheritdoc/>
    public override Task<int> RunAsync(CommandCall call)
    {
        var (options, withStore) = (ConfigurationSources.Read(call.Arguments), call.Options.GetValue(_withStore));
        using var claims = HostClaims.TakePins(options, withStore);
        var teardown = Teardown.Run(options.PinRoot);
        foreach (var line in teardown.Removed)
            Console.Out.WriteLine(line);
        foreach (var line in teardown.Kept)
            Console.Out.WriteLine($"kept: {line}");
        foreach (var line in ClearPromiscuity(options))
            Console.Out.WriteLine(line);

        var path = Path.Combine(options.StateDirectory, SqliteStore.FileName);
        if (withStore && SqliteStore.Remove(options.StateDirectory))
            Console.Out.WriteLine($"removed the store {path}");
        else if (!withStore && File.Exists(path))
            Console.Out.WriteLine($"kept: the store {path}. The next start brings everything back from it; devmapd teardown --with-store removes it.");
        return Task.FromResult(ExitCodes.Ok);
    }

    // Interfaces have no pins: the store alone knows which of them the daemon made promiscuous.
    private static List<string> ClearPromiscuity(ControlPlaneOptions options)
    {
        if (!File.Exists(Path.Combine(options.StateDirectory, SqliteStore.FileName)))
            return [];
        var lines = new List<string>();
        try
        {
            using var store = SqliteStore.Open(options.StateDirectory);
            if (store.ReadOrigin() is not { } origin || origin.PinRoot != options.PinRoot
                || !HostIdentity.AreInOneNamespace(origin.Identity, HostIdentity.Current(options.PinRoot).ToString()))
            {
                return lines;
            }

            var stored = store.Load();
            foreach (var promiscuous in stored.Promiscuous)
            {
                if (PromiscuousFlag.Clear(promiscuous.Ifindex) is { } name)
                    lines.Add($"interface {name} is no longer promiscuous");
            }

            store.Commit(new StoreBatch(stored.Revision, [.. stored.Promiscuous.Select(p => new StoreChange.DeletePromiscuity(p.Ifindex))]));
        }
        catch (Exception e) when (e is StoreException or KernelException)
        {
            lines.Add($"kept: interfaces that the daemon made promiscuous: {e.Message}");
        }

        return lines;
    }
}
