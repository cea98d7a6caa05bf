using Serilog.Events;
using Serilog.Formatting;

namespace ControlPlane.Daemon.Observability;

/// <summary>Writes events for the systemd journal: <c>&lt;N&gt;</c> (syslog priority) before every line, as the journal splits at line ends.</summary>
internal sealed class JournalFormatter : ITextFormatter
{
    /// <inheritdoc/>
    public void Format(LogEvent logEvent, TextWriter output)
    {
        var text = logEvent.RenderMessage();
        if (logEvent.Properties.GetValueOrDefault("OperationId") is ScalarValue { Value: string id })
            text += $" [{id}]";
        if (logEvent.Exception is { } exception)
            text += $"\n{exception}";
        foreach (var line in text.Split('\n'))
            output.Write($"<{Priority(logEvent.Level)}>{line.TrimEnd('\r')}\n");
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
