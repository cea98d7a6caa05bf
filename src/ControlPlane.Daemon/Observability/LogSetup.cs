using System.Globalization;
using ControlPlane.Daemon.Options;
using Microsoft.Extensions.Options;
using Serilog;
using Serilog.Configuration;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Compact;
using Serilog.Formatting.Display;

namespace ControlPlane.Daemon.Observability;

/// <summary>The log: Serilog, to standard output, in the form that its reader needs. Section <c>Serilog</c> has the levels.</summary>
internal static class LogSetup
{
    /// <summary>The section of the levels. The log follows it when the configuration is read again.</summary>
    public const string Levels = "Serilog:MinimumLevel";

    private const string TerminalTemplate = "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:lj} {RequestId} {TraceParent} {OmittedBefore}{NewLine}{Exception}";

    /// <summary>The form of the log of this process.</summary>
    public static LogForm Form { get; } =
        !Console.IsOutputRedirected ? LogForm.Terminal
        : Environment.GetEnvironmentVariable("JOURNAL_STREAM") is { Length: > 0 } ? LogForm.Journal
        : LogForm.Json;

    /// <summary>Makes Serilog the only log of the host, and its section the only one with levels. The configuration must be valid.</summary>
    public static void AddLog(this WebApplicationBuilder builder)
    {
        // As a provider: the host's factory keeps the logger of a category, where Serilog's own makes one for each authentication of a request.
        builder.Services.AddLogging(log => log
            .ClearProviders()
            .SetMinimumLevel(LogLevel.Trace)
            .Configure(factory => factory.ActivityTrackingOptions = ActivityTrackingOptions.None)
            .AddSerilog(Configured(builder.Configuration).WriteTo.Standard().CreateLogger(), dispose: true));
    }

    /// <summary>Adds the check of section <c>Serilog</c> to the validation of the configuration.</summary>
    public static IServiceCollection AddLogValidation(this IServiceCollection services) =>
        services.AddSingleton<IValidateOptions<ControlPlaneOptions>, SerilogSection>();

    // The host would log a refused start with its stack trace, and the health checks each question of a client before the daemon
    // is ready. The command line reports the one, WriterLifetime the other.
    // The framework would log each request with wrong credentials at information.
    // Hosting diagnostics would open a scope for each request, whose RequestId is not ours.
    // gRPC logs the exceptions of malformed messages with their stacks at error. The interceptor and the frame reader log what concerns us.
    private static LoggerConfiguration Configured(IConfiguration configuration) => new LoggerConfiguration()
        .Enrich.FromLogContext()
        .Filter.With(new RepeatedLines(TimeProvider.System))
        .MinimumLevel.Override("Grpc.AspNetCore.Server", LevelAlias.Off)
        .MinimumLevel.Override("Microsoft.AspNetCore.Hosting.Diagnostics", LevelAlias.Off)
        .MinimumLevel.Override("Microsoft.Extensions.Hosting.Internal.Host", LogEventLevel.Fatal)
        .MinimumLevel.Override("Microsoft.Extensions.Diagnostics.HealthChecks", LogEventLevel.Fatal)
        .MinimumLevel.Override("ControlPlane.Daemon.Security.BearerScheme", LogEventLevel.Warning)
        .ReadFrom.Configuration(configuration);

    /// <summary>Writes to standard output in the form of this process.</summary>
    public static LoggerConfiguration Standard(this LoggerSinkConfiguration sinks) => Form switch
    {
        LogForm.Terminal => sinks.Console(outputTemplate: TerminalTemplate, formatProvider: CultureInfo.InvariantCulture),
        LogForm.Journal => sinks.Console(new JournalFormatter()),
        _ => sinks.Console(new RenderedCompactJsonFormatter()),
    };

    /// <summary>Validates section <c>Serilog</c> by making a logger of it.</summary>
    private sealed class SerilogSection(IConfiguration configuration) : IValidateOptions<ControlPlaneOptions>
    {
        public ValidateOptionsResult Validate(string? name, ControlPlaneOptions options)
        {
            try
            {
                using var logger = Configured(configuration).CreateLogger();
                return ValidateOptionsResult.Success;
            }
            catch (Exception e) when (e is InvalidOperationException or FormatException or ArgumentException)
            {
                return ValidateOptionsResult.Fail($"Serilog: {e.Message}");
            }
        }
    }
}

/// <summary>The form of the log, by its reader.</summary>
internal enum LogForm
{
    /// <summary>A person at a terminal.</summary>
    Terminal,

    /// <summary>The systemd journal: lines that begin with a priority (<c>sd-daemon(3)</c>).</summary>
    Journal,

    /// <summary>A program: compact JSON, one event per line.</summary>
    Json,
}

/// <summary>Writes events for the systemd journal: <c>&lt;N&gt;</c>, the syslog priority, before every line, because the journal splits at line ends.</summary>
internal sealed class JournalFormatter : ITextFormatter
{
    private static readonly MessageTemplateTextFormatter Text =
        new("{Message:lj} {RequestId} {TraceParent} {OmittedBefore}{NewLine}{Exception}", CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public void Format(LogEvent logEvent, TextWriter output)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        Text.Format(logEvent, text);
        foreach (var line in text.ToString().TrimEnd().Split('\n'))
            output.Write($"<{Priority(logEvent.Level)}>{line.TrimEnd()}\n");
    }

    private static int Priority(LogEventLevel level) => level switch
    {
        LogEventLevel.Fatal => 2,
        LogEventLevel.Error => 3,
        LogEventLevel.Warning => 4,
        LogEventLevel.Information => 6,
        _ => 7,
    };
}
