using System.CommandLine;
using ControlPlane.Daemon.Hosting;

namespace ControlPlane.Daemon.Cli;

/// <summary><c>devmapd run</c>: serves until asked to stop. The command of a call that names none.</summary>
internal sealed class RunCommand : DaemonCommand
{
    public RunCommand() : base("run", "Serves REST and gRPC until asked to stop. This is the default.") => Add(Simulate);

    /// <summary>Whether the kernel is simulated.</summary>
    public Option<bool> Simulate { get; } = new("--simulate")
    {
        Description = "Runs on a simulated kernel: needs no privileges, and no frame moves.",
    };

    /// <inheritdoc/>
    public override bool Logs => true;

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandCall call)
    {
        await using var app = call.Build!(call.Arguments);
        var lifetime = app.Services.GetRequiredService<IHostApplicationLifetime>();
        try
        {
            await app.StartAsync();
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // A request to stop during the start is no error.
            await app.StopAsync();
            return ExitCodes.Ok;
        }

        await app.WaitForShutdownAsync();
        return app.Services.GetRequiredService<ExitStatus>().Code;
    }
}
