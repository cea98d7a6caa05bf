using System.Globalization;
using ControlPlane.Daemon.Hosting;
using Serilog;
using Serilog.Configuration;
using Serilog.Formatting.Compact;

namespace ControlPlane.Daemon.Observability;

/// <summary>The log: Serilog, to standard output, in the form that fits who reads there; levels from section <c>Serilog</c>.</summary>
internal static class LogSetup
{
    private const string TerminalTemplate = "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:lj} {OperationId}{NewLine}{Exception}";

    /// <summary>The form of this process's log.</summary>
    public static LogForm Form { get; } =
        !Console.IsOutputRedirected ? LogForm.Terminal
        : Environment.GetEnvironmentVariable("JOURNAL_STREAM") is { Length: > 0 } ? LogForm.Journal
        : LogForm.Json;

    /// <summary>Makes Serilog the only log of the host.</summary>
    /// <exception cref="StartRefusedException">Section <c>Serilog</c> is wrong.</exception>
    public static void AddLog(this WebApplicationBuilder builder)
    {
        try
        {
            var logger = new LoggerConfiguration()
                .Enrich.FromLogContext()
                .WriteTo.Standard()
                .ReadFrom.Configuration(builder.Configuration)
                .CreateLogger();
            builder.Services.AddSerilog(logger, dispose: true);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or ArgumentException)
        {
            throw new StartRefusedException(ExitCodes.Config, "The configuration has a fault:", $"  Serilog: {e.Message}");
        }
    }

    /// <summary>Writes to standard output in the process's form.</summary>
    public static LoggerConfiguration Standard(this LoggerSinkConfiguration sinks) => Form switch
    {
        LogForm.Terminal => sinks.Console(outputTemplate: TerminalTemplate, formatProvider: CultureInfo.InvariantCulture),
        LogForm.Journal => sinks.Console(new JournalFormatter()),
        _ => sinks.Console(new RenderedCompactJsonFormatter()),
    };
}
