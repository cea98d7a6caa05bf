using System.CommandLine;
using System.Diagnostics;
using System.Reflection;
using ControlPlane.Cli.Running;

namespace ControlPlane.Cli.Commands;

/// <summary><c>devmapctl backup</c> and <c>restore</c>: those of devmapd, which owns the store on this host.</summary>
internal sealed class StoreCommand : CtlCommand
{
    private readonly Argument<string> _file = new("FILE") { Description = "The file of the backup." };
    private readonly Option<string?> _config = new("--config") { Description = "The settings file of the daemon, if it is not that of the package.", HelpName = "FILE" };

    public StoreCommand(string name)
        : base(name, name == "backup" ? "Copy the daemon's store on this host to a file; works beside a daemon." : "Replace the daemon's store on this host by a backup; the daemon must be stopped.")
    {
        Add(_file);
        Add(_config);
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(Call call)
    {
        var beside = Path.Combine(AppContext.BaseDirectory, "devmapd");
        var start = new ProcessStartInfo(File.Exists(beside) ? beside : "devmapd", [Name, call.Get(_file)!]);
        if (call.Get(_config) is { } config)
        {
            start.ArgumentList.Add("--config");
            start.ArgumentList.Add(config);
        }

        try
        {
            using var daemon = Process.Start(start)!;
            await daemon.WaitForExitAsync(call.Cancellation);
            return daemon.ExitCode == 0 ? ExitCodes.Ok : ExitCodes.Failed;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new CommandFailedException(ExitCodes.Failed, "The program devmapd is not on this host: the store is where the daemon is.");
        }
    }
}

/// <summary><c>devmapctl version</c>.</summary>
internal sealed class VersionCommand : CtlCommand
{
    private readonly Option<bool> _client = new("--client") { Description = "Do not ask the daemon." };

    public VersionCommand()
        : base("version", "Show the versions of devmapctl and of the daemon.") => Add(_client);

    /// <summary>The version of devmapctl.</summary>
    public static string Own => typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <inheritdoc/>
    public override async Task<int> RunAsync(Call call)
    {
        call.Out.WriteLine($"devmapctl {Own}");
        if (call.Get(_client))
            return ExitCodes.Ok;
        var host = await call.Client.GetHostAsync(call.Cancellation);
        call.Out.WriteLine($"devmapd {host.DaemonVersion.Split('+')[0]}, on Linux {host.KernelRelease}{(host.Simulated ? "" : $", libbpf {host.LibbpfVersion}")}, at {call.Address}");
        return ExitCodes.Ok;
    }
}
