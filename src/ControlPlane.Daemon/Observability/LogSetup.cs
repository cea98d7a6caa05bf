using System.Globalization;
using ControlPlane.Daemon.Options;
using Serilog;
using Serilog.Configuration;
using Serilog.Events;
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

    /// <summary>Makes Serilog the only log of the host. The configuration has passed <see cref="Check"/>.</summary>
    public static void AddLog(this WebApplicationBuilder builder) =>
        builder.Services.AddSerilog(Configured(builder.Configuration).WriteTo.Standard().CreateLogger(), dispose: true);

    /// <summary>What is wrong with section <c>Serilog</c>.</summary>
    public static IEnumerable<OptionFault> Check(IConfiguration configuration)
    {
        try
        {
            using var logger = Configured(configuration).CreateLogger();
            return [];
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or ArgumentException)
        {
            return [new OptionFault("Serilog", e.Message)];
        }
    }

    // The host would log a refused start with its stack trace; DaemonRun tells it in a sentence. The health checks would log
    // each time that somebody asks while the daemon is not ready; WriterLifetime tells when it is.
    private static LoggerConfiguration Configured(IConfiguration configuration) => new LoggerConfiguration()
        .Enrich.FromLogContext()
        .MinimumLevel.Override("Microsoft.Extensions.Hosting.Internal.Host", LogEventLevel.Fatal)
        .MinimumLevel.Override("Microsoft.Extensions.Diagnostics.HealthChecks", LogEventLevel.Fatal)
        .ReadFrom.Configuration(configuration);

    /// <summary>Writes to standard output in the process's form.</summary>
    public static LoggerConfiguration Standard(this LoggerSinkConfiguration sinks) => Form switch
    {
        LogForm.Terminal => sinks.Console(outputTemplate: TerminalTemplate, formatProvider: CultureInfo.InvariantCulture),
        LogForm.Journal => sinks.Console(new JournalFormatter()),
        _ => sinks.Console(new RenderedCompactJsonFormatter()),
    };
}
