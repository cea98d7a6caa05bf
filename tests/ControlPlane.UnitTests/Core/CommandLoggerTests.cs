using ControlPlane.Core.Model;
using ControlPlane.Core.Writing.Apply;
using ControlPlane.Core.Writing.Commands;
using Microsoft.Extensions.Logging;

namespace ControlPlane.UnitTests.Core;

/// <summary>The writer's log lines show the requests that they belong to.</summary>
public sealed class CommandLoggerTests
{
    [Fact]
    public void Line_ShowsTheRequestsOfTheCommands_AndNoneOfTheDaemonsOwn()
    {
        var lines = new Lines();
        var logger = new CommandLogger(lines);

        logger.WorksFor([Of("a"), Of("b"), new DeleteProgramCommand("any", default, default)]);
        Write(logger, LogLevel.Warning, "both");
        logger.WorksFor([.. Enumerable.Range(0, 20).Select(n => Of($"r{n}"))]);
        Write(logger, LogLevel.Warning, "many");
        logger.WorksFor([]);
        Write(logger, LogLevel.Warning, "none");
        Write(logger, LogLevel.Debug, "not written");

        Assert.Equal(["a b: both", "r0 r1 r2 r3 r4 r5 r6 r7 ...: many", ": none"], lines.Written);
    }

    private static void Write(CommandLogger logger, LogLevel level, string text) => logger.Log(level, 0, text, null, (line, _) => line);

    private static DeleteProgramCommand Of(string requestId) => new("any", default, default) { Request = RequestContext.OfDaemon() with { RequestId = requestId } };

    private sealed class Lines : ILogger, IDisposable
    {
        private string _requestId = "";

        public List<string> Written { get; } = [];

        public IDisposable BeginScope<TState>(TState state)
            where TState : notnull
        {
            _requestId = (string)((KeyValuePair<string, object>[])(object)state).Single(p => p.Key == "RequestId").Value;
            return this;
        }

        public bool IsEnabled(LogLevel logLevel) => logLevel > LogLevel.Debug;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Written.Add($"{_requestId}: {formatter(state, exception)}");

        public void Dispose() => _requestId = "";
    }
}
