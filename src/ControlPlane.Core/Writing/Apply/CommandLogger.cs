using ControlPlane.Core.Writing.Commands;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Core.Writing.Apply;

/// <summary>
/// The writer's log. Its lines show the ids of the requests that the writer works for. The writer's thread serves many requests, so the log
/// context of a request does not reach it. Nothing is allocated unless a line is written. For the writer's thread.
/// </summary>
internal sealed class CommandLogger(ILogger inner) : ILogger
{
    // A line about a large batch names the first requests.
    private const int MostNamed = 8;

    private IEnumerable<WriterCommand> _commands = [];

    /// <summary>The lines that follow belong to these commands.</summary>
    public void WorksFor(IEnumerable<WriterCommand> commands) => _commands = commands;

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => inner.BeginScope(state);

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!inner.IsEnabled(logLevel))
            return;
        string[] ids = [.. _commands.Select(c => c.Request.RequestId).Where(id => id != "-").Distinct().Take(MostNamed + 1)];
        var named = string.Join(' ', ids.Take(MostNamed)) + (ids.Length > MostNamed ? " ..." : "");
        using var scope = ids.Length == 0 ? null : inner.BeginScope(new KeyValuePair<string, object>[] { new("RequestId", named) });
        inner.Log(logLevel, eventId, state, exception, formatter);
    }
}
