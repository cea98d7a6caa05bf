using ControlPlane.Core.Errors;
using ControlPlane.Core.Ports;
using ControlPlane.Daemon.Hosting;
using ControlPlane.Daemon.Observability;
using Microsoft.Extensions.Options;
using Serilog;

namespace ControlPlane.Daemon.Cli;

/// <summary>Turns the exception that ended a command into an exit code and sentences for the user.</summary>
internal static class Refusal
{
    /// <summary>Reports the exception and returns one of <see cref="ExitCodes"/>.</summary>
    /// <param name="exception">The exception that ended the command.</param>
    /// <param name="toLog">Whether the command has a log that must have the reason as well.</param>
    public static int Report(Exception exception, bool toLog)
    {
        if (Of(exception) is not { } refusal)
        {
            using var log = new LoggerConfiguration().WriteTo.Standard().CreateLogger();
            log.Fatal(exception, "The daemon ended on an unforeseen exception");
            return ExitCodes.Software;
        }

        // A terminal shows both standard error and the log, and the journal gets both: once is enough.
        if (!toLog || LogSetup.Form != LogForm.Journal)
            Console.Error.WriteLine($"devmapd: {refusal.Message}");
        if (toLog && LogSetup.Form != LogForm.Terminal)
        {
            using var log = new LoggerConfiguration().WriteTo.Standard().CreateLogger();
            log.Fatal("The daemon does not start (exit code {ExitCode}): {Reason:l}", refusal.ExitCode, refusal.Message);
        }

        return refusal.ExitCode;
    }

    /// <summary>The refusal that the exception stands for; null if the daemon failed.</summary>
    private static StartRefusedException? Of(Exception exception) => exception switch
    {
        StartRefusedException refusal => refusal,
        OptionsValidationException { Failures: var failures } => new StartRefusedException(ExitCodes.Config, [
            failures.Count() == 1 ? "The configuration has an error:" : $"The configuration has {failures.Count()} errors:",
            .. failures.Select(failure => $"  {failure}")]),
        ControlPlaneException { Error: var error } =>
            new StartRefusedException(ExitCodes.Config, [error.Detail, .. error.Remedy is { } remedy ? [remedy.Summary, .. remedy.Commands] : Array.Empty<string>()]),
        KernelException kernel =>
            new StartRefusedException(ExitCodes.OsError, [$"The kernel refused: {kernel.Message}.", .. kernel.VerifierLog?.Split('\n') ?? []]),
        StoreException { Error: { } error } => new StartRefusedException(ExitCodes.IoError, [error.Detail, error.Remedy!.Summary]),
        StoreException store => new StartRefusedException(
            ExitCodes.IoError,
            store.Message,
            "Nothing was changed. Restore the file from a backup; or move it away to start with what is pinned in the kernel."),
        StoreOutcomeException store => new StartRefusedException(
            ExitCodes.IoError, store.Message, "Look for errors of the disk in the kernel's log (dmesg). The next start reads what the store holds."),
        _ => null,
    };
}
