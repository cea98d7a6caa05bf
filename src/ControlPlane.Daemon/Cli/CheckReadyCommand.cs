using ControlPlane.Daemon.Hosting;

namespace ControlPlane.Daemon.Cli;

/// <summary>
/// <c>devmapd check-ready</c>: asks the daemon over its unix socket whether it is ready. For probes of an orchestrator that runs commands
/// in a container, and for scripts.
/// </summary>
internal sealed class CheckReadyCommand() : DaemonCommand("check-ready", "Asks the daemon over its unix socket whether it is ready. Needs the privilege to connect.")
{
    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandCall call)
    {
        using var daemon = new RunningDaemon(call.Arguments);
        using var answer = await daemon.AskAsync(HttpMethod.Get, "/readyz");
        Console.Out.WriteLine((await answer.Content.ReadAsStringAsync()).TrimEnd());
        return answer.IsSuccessStatusCode ? ExitCodes.Ok : ExitCodes.Unavailable;
    }
}
