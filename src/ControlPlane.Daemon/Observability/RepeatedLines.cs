using System.Collections.Concurrent;
using Serilog.Core;
using Serilog.Events;

namespace ControlPlane.Daemon.Observability;

/// <summary>
/// Bounds the log lines that callers can cause: of each message at most 20 at once and one a second after that. The next line that is written
/// says how many were not. Lines at debug are not bounded.
/// </summary>
internal sealed class RepeatedLines(TimeProvider time) : ILogEventFilter
{
    /// <summary>The property of a line that counts the lines before it that were not written.</summary>
    public const string Omitted = "OmittedBefore";

    private const int Burst = 20;

    // The categories whose lines answer to requests. Everything else logs what the daemon does.
    private static readonly string[] Categories = ["ControlPlane.Daemon.Api.", "ControlPlane.Daemon.Security.", "Microsoft.AspNetCore.", "Grpc."];

    private readonly ConcurrentDictionary<string, Budget> _budgets = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public bool IsEnabled(LogEvent logEvent)
    {
        if (logEvent.Level < LogEventLevel.Information || !IsCausedByCallers(logEvent))
            return true;
        var budget = _budgets.GetOrAdd(logEvent.MessageTemplate.Text, _ => new Budget(time));
        if (!budget.TryTake(out var omitted))
            return false;
        if (omitted > 0)
            logEvent.AddOrUpdateProperty(new LogEventProperty(Omitted, new ScalarValue(omitted)));
        return true;
    }

    private static bool IsCausedByCallers(LogEvent logEvent) =>
        logEvent.Properties.TryGetValue(Constants.SourceContextPropertyName, out var source)
        && source is ScalarValue { Value: string category }
        && Categories.Any(c => category.StartsWith(c, StringComparison.Ordinal));

    private sealed class Budget(TimeProvider time)
    {
        private readonly Lock _lock = new();
        private double _left = Burst;
        private long _taken = time.GetTimestamp();
        private long _omitted;

        public bool TryTake(out long omitted)
        {
            lock (_lock)
            {
                var now = time.GetTimestamp();
                _left = Math.Min(Burst, _left + time.GetElapsedTime(_taken, now).TotalSeconds);
                _taken = now;
                if (_left < 1)
                {
                    _omitted++;
                    omitted = 0;
                    return false;
                }

                _left--;
                (omitted, _omitted) = (_omitted, 0);
                return true;
            }
        }
    }
}
