using System.Diagnostics.Metrics;
using ControlPlane.Core.Api;
using Microsoft.Extensions.DependencyInjection;

namespace ControlPlane.FunctionalTests.Rest;

public sealed class MetricsTests : RestTest
{
    [Fact]
    public async Task Metrics_TellRequestsWriterAndDevmaps()
    {
        await Client.PutAsync(RestClient.Entry, """{"interface":"veth-b"}""");
        await Client.AskAsync("GET", "/v1/devmaps/default/entries/none");
        await Client.AskAsync("GET", "/v1/devmaps/default/entries/nothing");
        await Client.AskAsync("GET", "/one/path/of/many");
        await Client.AskAsync("BREW", "/v1/host");
        var metrics = await Client.GetStringAsync("/metrics", TestContext.Deadline());

        string[] expected =
        [
            """devmapd_requests_total{api="rest",method="PUT",route="/v1/devmaps/{devmap}/entries/{key}",code="201"} 1""",
            """devmapd_requests_total{api="rest",method="GET",route="/v1/devmaps/{devmap}/entries/{key}",code="404"} 2""",
            """devmapd_requests_total{api="rest",method="GET",route="none",code="404"} 1""",
            """method="other",route=""",
            """devmapd_request_duration_seconds_count{api="rest",method="PUT",route="/v1/devmaps/{devmap}/entries/{key}"} 1""",
            "devmapd_writer_queue_length 0",
            "devmapd_writer_commands_total",
            "devmapd_writer_batches_total",
            """devmapd_devmap_entries{devmap="default"} 1""",
            """devmapd_devmap_max_entries{devmap="default"} 64""",
            """devmapd_devmap_packets_total{devmap="default",result="redirected"} 0""",
            """devmapd_devmap_bytes_total{devmap="routes",result="unkeyed"} 0""",
            """devmapd_devmap_packets_total{devmap="default",result="missed"} 0""",
            """devmapd_drifts_total{devmap="default",repaired="false"} 0""",
            """devmapd_audits_total{devmap="tiny"} 0""",
            """devmapd_entries{devmap="default",state="Undeliverable"} 0""",
            """devmapd_entries{devmap="default",state="Unverified"} 0""",
            """devmapd_entries{devmap="default",state="Forwarding"} 1""",
            """devmapd_conditions_false{devmap="default",type="IngressAttached",reason="NotAttached"} 1""",
            """devmapd_devmap_drops_total{devmap="default",cause="notAccepted"} 0""",
            "devmapd_build_info{version=",
            "# HELP devmapd_writer_queue_length Commands that wait for the writer now.\n# TYPE devmapd_writer_queue_length gauge\n",
            "# HELP devmapd_writer_commands_total Commands the writer has executed, those that failed included.\n# TYPE devmapd_writer_commands_total counter\n",
            "# TYPE devmapd_devmap_entries gauge\n",
            "# TYPE devmapd_devmap_bytes_total counter\n",
        ];
        Assert.All(expected, line => Assert.Contains(line, metrics, StringComparison.Ordinal));
        Assert.DoesNotContain("many", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("""{devmap="tiny",result""", metrics, StringComparison.Ordinal);
    }

    /// <summary>Any listener of the runtime sees the same, each value once per reading and as it is then.</summary>
    [Fact]
    public async Task Meter_IsReadAnewEachTime()
    {
        var meter = Daemon.Services.GetRequiredService<CoreMetrics>().Meter;
        var seen = new List<(string Name, long Value)>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (ReferenceEquals(instrument.Meter, meter))
                l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            if (tags is [{ Key: "devmap", Value: "default" }])
                seen.Add((instrument.Name, value));
        });
        listener.Start();

        listener.RecordObservableInstruments();
        await Client.PutAsync(RestClient.Entry, """{"interface":"veth-b"}""");
        listener.RecordObservableInstruments();

        Assert.Equal("devmapd", meter.Name);
        Assert.Equal([0, 1], seen.Where(m => m.Name == "devmapd_devmap_entries").Select(m => m.Value));
        Assert.Equal([64, 64], seen.Where(m => m.Name == "devmapd_devmap_max_entries").Select(m => m.Value));
    }
}
