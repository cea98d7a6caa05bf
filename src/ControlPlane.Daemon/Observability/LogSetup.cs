using System.Globalization;
using ControlPlane.Daemon.Options;
using Microsoft.Extensions.Options;
using Serilog;
using Serilog.Configuration;
using Serilog.Events;
using Serilog.Formatting.Compact;

namespace ControlPlane.Daemon.Observability;

/// <summary>The log: Serilog, to standard output, in the form that its reader needs. Section <c>Serilog</c> has the levels.</summary>
internal static class LogSetup
{
    private const string TerminalTemplate = "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:lj} {RequestId} {TraceParent}{NewLine}{Exception}";

    /// <summary>The form of the log of this process.</summary>
    public static LogForm Form { get; } =
        !Console.IsOutputRedirected ? LogForm.Terminal
        : Environment.GetEnvironmentVariable("JOURNAL_STREAM") is { Length: > 0 } ? LogForm.Journal
        : LogForm.Json;

    /// <summary>Makes Serilog the only log of the host. The configuration must be valid.</summary>
    public static void AddLog(this WebApplicationBuilder builder) =>
        builder.Services.AddSerilog(Configured(builder.Configuration).WriteTo.Standard().CreateLogger(), dispose: true);

    /// <summary>Adds the check of section <c>Serilog</c> to the validation of the configuration.</summary>
    public static IServiceCollection AddLogValidation(this IServiceCollection services) =>
        services.AddSingleton<IValidateOptions<ControlPlaneOptions>, SerilogSection>();

    // The host would log a refused start with its stack trace, and the health checks each question of a client before the daemon
    // is ready. The command line reports the one, WriterLifetime the other.
    // Hosting diagnostics would open a scope for each request, whose RequestId is not ours.
    private static LoggerConfiguration Configured(IConfiguration configuration) => new LoggerConfiguration()
        .Enrich.FromLogContext()
        .MinimumLevel.Override("Microsoft.AspNetCore.Hosting.Diagnostics", LevelAlias.Off)
        .MinimumLevel.Override("Microsoft.Extensions.Hosting.Internal.Host", LogEventLevel.Fatal)
        .MinimumLevel.Override("Microsoft.Extensions.Diagnostics.HealthChecks", LogEventLevel.Fatal)
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
