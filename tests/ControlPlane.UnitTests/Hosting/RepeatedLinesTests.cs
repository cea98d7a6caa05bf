using ControlPlane.Daemon.Observability;
using Microsoft.Extensions.Time.Testing;
using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace ControlPlane.UnitTests.Hosting;

/// <summary>Callers cannot fill the log.</summary>
public sealed class RepeatedLinesTests : ILogEventSink
{
    private readonly List<LogEvent> _written = [];

    [Fact]
    public void LinesOfRequests_AreBoundedByMessage_AndTheNextOneCountsTheRest()
    {
        var time = new FakeTimeProvider();
        var log = Logger(time);
        var api = log.ForContext(Constants.SourceContextPropertyName, "ControlPlane.Daemon.Api.Rest.Errors.ProblemMiddleware");
        for (var i = 0; i < 1000; i++)
            api.Error("Request {Number} failed", i);
        api.Error("Another message");
        Assert.Equal(21, _written.Count);

        time.Advance(TimeSpan.FromSeconds(1));
        api.Error("Request {Number} failed", 1001);
        Assert.Equal("980", _written[^1].Properties[RepeatedLines.Omitted].ToString());
        Assert.Equal(22, _written.Count);
    }

    [Fact]
    public void LinesOfTheDaemonItself_AndLinesAtDebug_AreNotBounded()
    {
        var log = Logger(new FakeTimeProvider());
        var writer = log.ForContext(Constants.SourceContextPropertyName, "ControlPlane.Core.Writing.Loop.DevmapWriter");
        var api = log.ForContext(Constants.SourceContextPropertyName, "ControlPlane.Daemon.Api.Grpc.RequestInterceptor");
        for (var i = 0; i < 100; i++)
        {
            writer.Warning("Repaired");
            api.Debug("Refused");
        }

        Assert.Equal(200, _written.Count);
    }

    void ILogEventSink.Emit(LogEvent logEvent) => _written.Add(logEvent);

    private Logger Logger(TimeProvider time) =>
        new LoggerConfiguration().MinimumLevel.Verbose().Filter.With(new RepeatedLines(time)).WriteTo.Sink(this).CreateLogger();
}
