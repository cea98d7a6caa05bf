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
            """devmapd_requests_total{face="rest",method="PUT",route="/v1/devmaps/{devmap}/entries/{key}",code="201"} 1""",
            """devmapd_requests_total{face="rest",method="GET",route="/v1/devmaps/{devmap}/entries/{key}",code="404"} 2""",
            """devmapd_requests_total{face="rest",method="GET",route="none",code="404"} 1""",
            """method="other",route=""",
            """devmapd_request_duration_seconds_count{face="rest",method="PUT",route="/v1/devmaps/{devmap}/entries/{key}"} 1""",
            "devmapd_writer_queue_length 0",
            "devmapd_writer_commands_total",
            "devmapd_writer_batches_total",
            """devmapd_devmap_entries{devmap="default"} 1""",
            """devmapd_devmap_max_entries{devmap="default"} 64""",
            """devmapd_devmap_packets_total{devmap="default",result="redirected"} 0""",
            """devmapd_devmap_bytes_total{devmap="routes",result="unkeyed"} 0""",
            "devmapd_build_info{version=",
        ];
        Assert.All(expected, line => Assert.Contains(line, metrics, StringComparison.Ordinal));
        Assert.DoesNotContain("many", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("""{devmap="tiny",result""", metrics, StringComparison.Ordinal);
    }
}
