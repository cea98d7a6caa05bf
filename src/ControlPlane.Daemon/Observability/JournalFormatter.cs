using System.Globalization;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Display;

namespace ControlPlane.Daemon.Observability;

/// <summary>Writes events for the systemd journal: <c>&lt;N&gt;</c> (syslog priority) before every line, as the journal splits at line ends.</summary>
internal sealed class JournalFormatter : ITextFormatter
{
    private static readonly MessageTemplateTextFormatter Text =
        new("{Message:lj} {RequestId} {TraceParent}{NewLine}{Exception}", CultureInfo.InvariantCulture);

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
