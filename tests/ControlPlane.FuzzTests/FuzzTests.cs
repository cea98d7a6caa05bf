using System.Net;
using System.Text.Json.Nodes;
using Xunit.Abstractions;

namespace ControlPlane.FuzzTests;

/// <summary>
/// No request, however wrong, is answered with an error of the daemon, ends it, fills its log with errors, or makes it grow. Without an identity
/// none changes anything.
/// </summary>
[Trait("Group", "fuzz")]
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const double SomeWrongCredentials = 0.01;
    private const double ManyWrongCredentials = 0.3;

    [Fact]
    public async Task Rest_RandomRequests_GetAnswersOfTheCatalogue()
    {
        await using var run = await FuzzRun.StartAsync();
        var document = await DocumentAsync(run);

        await run.RunAsync(random => new RestWorker(
            run.UnixSocket, new RestInputs(document, random, SomeWrongCredentials, streams: false), new AnswersToAdministrator(), run.Findings));

        await AssertNothingFoundAsync(run);
    }

    [Fact]
    public async Task Grpc_RandomCalls_GetStatusesOfTheCatalogue()
    {
        await using var run = await FuzzRun.StartAsync();

        await run.RunAsync(random => new GrpcWorker(
            run.UnixSocket, new GrpcInputs(random, SomeWrongCredentials), new AnswersToAdministrator(), run.Findings));

        await AssertNothingFoundAsync(run);
    }

    [Fact]
    public async Task Rest_RandomRequestsOfNobody_AreRefused_AndChangeNothing()
    {
        await using var run = await FuzzRun.StartAsync();
        var document = await DocumentAsync(run);
        var before = await DesiredState.CreateAsync(run.Daemon);

        await run.RunAsync(random => new RestWorker(
            AddressOf(run.Daemon.Rest), new RestInputs(document, random, ManyWrongCredentials, streams: true), new AnswersToNobody(), run.Findings));

        Assert.Equal(before, await DesiredState.ReadAsync(run.Daemon));
        await AssertNothingFoundAsync(run);
    }

    [Fact]
    public async Task Grpc_RandomCallsOfNobody_AreRefused_AndChangeNothing()
    {
        await using var run = await FuzzRun.StartAsync();
        var before = await DesiredState.CreateAsync(run.Daemon);

        await run.RunAsync(random => new GrpcWorker(
            AddressOf(run.Daemon.Grpc), new GrpcInputs(random, ManyWrongCredentials), new AnswersToNobody(), run.Findings));

        Assert.Equal(before, await DesiredState.ReadAsync(run.Daemon));
        await AssertNothingFoundAsync(run);
    }

    private static IPEndPoint AddressOf(Uri listener) => new(IPAddress.Parse(listener.Host), listener.Port);

    private static async Task<JsonNode> DocumentAsync(FuzzRun run)
    {
        using var http = new HttpClient { BaseAddress = run.Daemon.Rest };
        return JsonNode.Parse(await http.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative)))!;
    }

    private async Task AssertNothingFoundAsync(FuzzRun run)
    {
        using var http = new HttpClient { BaseAddress = run.Daemon.Rest };
        Assert.Equal("alive\n", await http.GetStringAsync(new Uri("/healthz", UriKind.Relative)));
        output.WriteLine($"seed {FuzzRun.Seed}, {run.Summary}");
        Assert.True(run.Findings.Text.Length == 0, $"seed {FuzzRun.Seed}\n{run.Findings.Text}");
    }
}
