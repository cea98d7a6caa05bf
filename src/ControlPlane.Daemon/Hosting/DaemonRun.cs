using ControlPlane.Core.Errors;
using ControlPlane.Core.Storing;
using ControlPlane.Daemon.Observability;
using Microsoft.AspNetCore.Connections;
using Serilog;

namespace ControlPlane.Daemon.Hosting;

/// <summary>Runs the daemon to its end and turns whatever ended it into an exit code and a sentence.</summary>
internal static class DaemonRun
{
    /// <summary>Answers, refuses, or runs until asked to stop; returns one of <see cref="ExitCodes"/>.</summary>
    public static async Task<int> RunAsync(string[] args, Func<Arguments, WebApplication> build)
    {
        var serves = true;
        try
        {
            var arguments = Arguments.Parse(args);
            serves = arguments.Task == DaemonTask.Serve;
            if (arguments.Answer is { } answer)
            {
                Console.Out.WriteLine(answer);
                return ExitCodes.Ok;
            }

            if (!serves)
            {
                Maintenance.Run(arguments, Console.Out);
                return ExitCodes.Ok;
            }

            await using var app = build(arguments);
            return await RunAsync(app);
        }
        catch (Exception e) when (AsRefusal(e) is { } refusal)
        {
            Report(refusal, serves);
            return refusal.ExitCode;
        }
        catch (Exception e)
        {
            await using var log = new LoggerConfiguration().WriteTo.Standard().CreateLogger();
            log.Fatal(e, "The daemon ended on an unforeseen exception");
            return ExitCodes.Software;
        }
    }

    private static async Task<int> RunAsync(WebApplication app)
    {
        var lifetime = app.Services.GetRequiredService<IHostApplicationLifetime>();
        try
        {
            await app.StartAsync();
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // Asked to stop while it still started: that is no fault.
            await app.StopAsync();
            return ExitCodes.Ok;
        }

        await app.WaitForShutdownAsync();
        return app.Services.GetRequiredService<ExitStatus>().Code;
    }

    /// <summary>The refusal that an exception during the start amounts to; null when it is a fault of the daemon.</summary>
    private static StartRefusedException? AsRefusal(Exception exception) => exception switch
    {
        StartRefusedException refusal => refusal,
        ControlPlaneException { Error: var error } =>
            new StartRefusedException(ExitCodes.Config, [error.Detail, .. error.Remedy is { } remedy ? [remedy] : Array.Empty<string>()]),
        KernelException kernel =>
            new StartRefusedException(ExitCodes.OsError, [$"The kernel refused: {kernel.Message}.", .. kernel.VerifierLog?.Split('\n') ?? []]),
        StoreException store => new StartRefusedException(
            ExitCodes.IoError,
            store.Message,
            "Nothing was changed. Restore the file from a backup; or, to begin anew with what is pinned in the kernel, move it away."),
        IOException { InnerException: AddressInUseException } => new StartRefusedException(ExitCodes.Unavailable,
            exception.Message, "Stop the program that listens there (ss -ltnp shows it), or set ControlPlane:Listen."),
        _ => null,
    };

    /// <summary>
    /// Tells a person on standard error and the log on standard output. A terminal shows both, and the journal gets both:
    /// there once is enough. A maintenance command has no log.
    /// </summary>
    private static void Report(StartRefusedException refusal, bool serves)
    {
        if (!serves || LogSetup.Form != LogForm.Journal)
            Console.Error.WriteLine($"devmapd: {refusal.Message}");

        if (!serves || LogSetup.Form == LogForm.Terminal)
            return;
        using var log = new LoggerConfiguration().WriteTo.Standard().CreateLogger();
        log.Fatal("The daemon does not start (exit code {ExitCode}): {Reason:l}", refusal.ExitCode, refusal.Message);
    }
}
