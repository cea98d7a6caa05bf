using System.Text.Json.Nodes;
using Xunit.Abstractions;

namespace ControlPlane.FuzzTests;

/// <summary>No request, however wrong, is answered with an error of the daemon, ends it, fills its log with errors, or makes it grow.</summary>
[Trait("Group", "fuzz")]
public sealed class FuzzTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Rest_RandomRequests_GetAnswersOfTheCatalogue()
    {
        await using var run = await FuzzRun.StartAsync();
        using var http = new HttpClient { BaseAddress = run.Daemon.Rest };
        var document = JsonNode.Parse(await http.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative)))!;

        await run.RunAsync(random => new RestWorker(run.Daemon.UnixSocket, new RestInputs(document, random), run.Findings));

        Assert.Equal("alive\n", await http.GetStringAsync(new Uri("/healthz", UriKind.Relative)));
        AssertNothingFound(run);
    }

    [Fact]
    public async Task Grpc_RandomCalls_GetStatusesOfTheCatalogue()
    {
        await using var run = await FuzzRun.StartAsync();

        await run.RunAsync(random => new GrpcWorker(run.Daemon.UnixSocket, new GrpcInputs(random), run.Findings));

        using var http = new HttpClient { BaseAddress = run.Daemon.Rest };
        Assert.Equal("alive\n", await http.GetStringAsync(new Uri("/healthz", UriKind.Relative)));
        AssertNothingFound(run);
    }

    private void AssertNothingFound(FuzzRun run)
    {
        output.WriteLine($"seed {FuzzRun.Seed}, {FuzzRun.Inputs} inputs: {run.Findings.Summary}");
        Assert.True(run.Findings.Text.Length == 0, $"seed {FuzzRun.Seed}\n{run.Findings.Text}");
    }
}
