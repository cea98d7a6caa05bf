using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ControlPlane.Core.Api;
using ControlPlane.Daemon.Api.OpenApi;
using ControlPlane.TestCommon;
using Xunit.Sdk;

namespace ControlPlane.FunctionalTests.Rest.OpenApi;

/// <summary>The examples of the OpenAPI document are what a daemon with a simulated kernel answers.</summary>
public sealed partial class ExampleTests : RestTest
{
    private const string Recorded = "src/ControlPlane.Daemon/Api/OpenApi/examples.json";
    private const string Entry = """{"interface":"lo","egressProgram":null,"actions":{"sourceMac":null,"destinationMac":"02:00:00:00:00:02","setVlan":null,"pushVlan":null,"popVlan":false,"decrementTtl":true},"labels":{"pod":"web-1"},"owner":"walk-through","lease":null,"onInterfaceGone":"keep","deleteAfter":null}""";
    private const string Batch =
        """{"mode":"independent","items":[{"put":{"devmap":"default","key":"lo","spec":{"interface":"lo"},"expectedRevision":0},"delete":null},{"put":null,"delete":{"devmap":"default","key":"veth9","expectedRevision":null}}]}""";

    private const string WaitingBatch =
        """{"mode":"atomic","items":[{"put":{"devmap":"default","key":"lo","spec":{"interface":"lo","owner":"walk-through"},"expectedRevision":null},"delete":null}]}""";

    private const string EntryTable =
        """{"entries":[{"key":"lo","spec":{"interface":"lo","labels":{"pod":"web-1"},"owner":"walk-through"}}]}""";

    private const string Devmap =
        """{"maxEntries":4096,"valueSize":8,"numaNode":null,"keySelector":"vlan","missAction":"drop","counters":true,"ensureTargets":"auto","completeChecksums":"auto","redirectPeer":"auto","labels":{"use":"tenants"},"owner":"network"}""";

    private const string State =
        """{"devmaps":[{"name":"tenants","spec":{"maxEntries":4096,"keySelector":"vlan","labels":{"use":"tenants"}}}],"programs":[],"leases":[],"attachments":[],"entries":[{"devmap":"tenants","key":"100","spec":{"interface":"lo"}}]}""";

    private const string Lease = """{"ttl":"30s","labels":{"node":"a"},"owner":"cni"}""";

    private const string Attachment = """{"mode":"native","promiscuous":"auto","labels":{"rack":"7"},"owner":null,"lease":null}""";

    private const string Token =
        """{"name":"orchestrator","role":"operator","expireTime":null,"limits":{"devmaps":["routes"],"owners":["cni"],"keyRanges":[{"devmap":"routes","from":"10.0.0.0","to":"10.0.255.255"}]},"labels":{"team":"network"},"owner":null}""";

    private const string Program =
        """{"template":"rewriteMac","parameters":{"sourceMac":"02:00:00:00:00:01","destinationMac":"02:00:00:00:00:02","vlanId":null},"labels":{"use":"gateway"},"owner":null}""";

    // A request for every operation, in an order in which all succeed.
    private static readonly (Operation Operation, string? Body)[] Steps =
    [
        (Operations.PutProgram, Program), (Operations.PutProgram, Program), (Operations.GetProgram, null), (Operations.ListPrograms, null),
        (Operations.PutAttachment, Attachment), (Operations.PutAttachment, Attachment), (Operations.GetAttachment, null), (Operations.ListAttachments, null),
        (Operations.PutEntry, Entry), (Operations.PutEntry, Entry), (Operations.GetEntry, null), (Operations.ListEntries, null),
        (Operations.ListCounters, null), (Operations.ApplyEntries, Batch), (Operations.ReplaceEntries, EntryTable),
        (Operations.PutLease, Lease), (Operations.PutLease, Lease), (Operations.GetLease, null), (Operations.ListLeases, null), (Operations.KeepAlive, null),
        (Operations.AuditDevmap, null), (Operations.GetDevmap, null), (Operations.ListDevmaps, null), (Operations.GetDevmapShape, null),
        (Operations.PutDevmap, Devmap), (Operations.PutDevmap, Devmap), (Operations.ExportState, null), (Operations.ApplyState, State),
        (Operations.ExplainFrame, null), (Operations.ExplainEntry, null),
        (Operations.SetEgressProgram, """{"egressProgram":null}"""),
        (Operations.GetInterface, null), (Operations.ListInterfaces, null), (Operations.GetHost, null),
        (Operations.CreateToken, Token), (Operations.GetToken, null), (Operations.ListTokens, null),
        (Operations.ListChanges, null), (Operations.RevertChange, null), (Operations.RevertState, null),
        (Operations.WatchDevmap, null), (Operations.WatchDevmaps, null), (Operations.ProbeEntry, null),
        (Operations.CancelEntries, null),
        (Operations.ConfirmEntries, null),
    ];

    // Requests that wait, after the others: lo does not forward.
    private static readonly (Operation Operation, string? Body, string Query)[] Waits =
    [
        (Operations.PutEntry, Entry, "?wait=Forwarding&timeout=0s"), (Operations.ApplyEntries, WaitingBatch, "?wait=Forwarding&timeout=0s"),
        (Operations.ReplaceEntries, EntryTable, "?wait=Forwarding&timeout=0s"), (Operations.WaitEntries, null, "?timeout=0s"),
        (Operations.WaitEntries, null, "?timeout=0s&label=use=probe"),
    ];

    [Fact]
    [Trait("Group", "snapshot")]
    public async Task Examples_AreWhatTheDaemonAnswers()
    {
        Daemon.Testbed.Host.AddInterface("eth0");
        JsonObject requests = [], answers = [], pages = [];
        foreach (var (operation, body) in Steps)
        {
            if (body is not null)
                requests[operation.Id] = JsonNode.Parse(body);
            if (operation == Operations.ProbeEntry)
                await PutProbedAsync(Client);
            if (operation == Operations.ConfirmEntries || operation == Operations.CancelEntries)
                await PutPendingAsync(Client);
            if (operation == Operations.WatchDevmap || operation == Operations.WatchDevmaps)
            {
                answers[$"{operation.Id} 200"] = await FirstEntryAsync(operation);
                continue;
            }

            var (status, text) = await AskAsync(operation, body, "application/json");
            answers[$"{operation.Id} {status}"] = JsonNode.Parse(Settled(text));
            if (operation == Operations.ConfirmEntries)
                await DeleteConfirmedAsync(Client);
            if (operation.Id.StartsWith("explain", StringComparison.Ordinal))
                pages[operation.Id] = (await AskAsync(operation, null, "text/plain")).Text;
        }

        foreach (var (operation, body, query) in Waits)
        {
            if (query.Contains("label", StringComparison.Ordinal))
                await PutProbedAsync(Client);
            var (status, text) = await AskAsync(operation, body, "application/json", query);
            answers[$"{operation.Id} {status}"] = JsonNode.Parse(Settled(text));
        }

        Snapshot.AssertMatches(Recorded, new OpenApiDocument(new JsonObject { ["requests"] = requests, ["answers"] = answers, ["pages"] = pages }).Text);
    }

    /// <summary>Creates the entry that the example of a probe is about. The redirect program must run on eth0.</summary>
    internal static async Task PutProbedAsync(HttpClient client)
    {
        using var entry = new StringContent("""{"interface":"veth-b","labels":{"use":"probe"}}""", Encoding.UTF8, "application/json");
        using var response = await client.PutAsync(new Uri("/v1/devmaps/default/entries/eth0", UriKind.Relative), entry, TestContext.Deadline());
        response.EnsureSuccessStatusCode();
    }

    /// <summary>Writes a table that waits for its confirmation, in a scope of its own.</summary>
    internal static async Task PutPendingAsync(HttpClient client)
    {
        using var table = new StringContent(
            $$"""{"entries":[{"key":"4242","spec":{"interface":"veth-b","labels":{"use":"{{Guid.NewGuid():N}}"} } }]}""", Encoding.UTF8, "application/json");
        using var response = await client.PutAsync(new Uri("/v1/devmaps/default/entries?owner=confirming&confirm=60s", UriKind.Relative), table, TestContext.Deadline());
        response.EnsureSuccessStatusCode();
    }

    /// <summary>Deletes the entry of such a table, which no other example knows.</summary>
    internal static async Task DeleteConfirmedAsync(HttpClient client)
    {
        using var response = await client.DeleteAsync(new Uri("/v1/devmaps/default/entries/4242?owner=confirming", UriKind.Relative), TestContext.Deadline());
        response.EnsureSuccessStatusCode();
    }

    private async Task<(int Status, string Text)> AskAsync(Operation operation, string? body, string accept, string query = "")
    {
        if (operation == Operations.ExplainFrame)
            query = "?ingress=lo";
        else if (operation == Operations.ListChanges)
            query = "?pageSize=3";
        else if (operation == Operations.ApplyState)
            query = "?dryRun=true";
        else if (operation.Resource == "changes")
            query = operation == Operations.RevertState ? "?revision=1&dryRun=true" : "?force=true&dryRun=true";
        using var request = new HttpRequestMessage(HttpMethod.Parse(operation.RestMethod), OperationFilter.InstanceOf(operation) + query);
        request.Headers.TryAddWithoutValidation("Accept", accept);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await Client.SendAsync(request, TestContext.Deadline());
        var text = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode ? ((int)response.StatusCode, text) : throw new XunitException($"{operation.Id}: {text}");
    }

    private async Task<JsonNode> FirstEntryAsync(Operation operation)
    {
        using var events = await Watching.SseReader.OpenAsync(Client, OperationFilter.InstanceOf(operation));
        while (await events.NextAsync() is { } happened)
        {
            if (happened.Type == "entry")
                return JsonNode.Parse(Settled(happened.Data.ToJsonString()))!;
        }

        throw new XunitException("the stream has no entry");
    }

    // Values that differ from run to run.
    private static string Settled(string text) => SettledTimes(
        Port().Replace(RequestIds().Replace(text, "\"requestId\":\"5f2c9a6b01d4e837\""), "127.0.0.1:40000"));

    private static string SettledTimes(string text) => Secret().Replace(Version().Replace(
        Duration().Replace(Time().Replace(text, "\"2026-01-01T12:00:00Z\""), "\"0.00125s\""), "\"daemonVersion\":\"1.0.0\""), "devmapd_example");

    [GeneratedRegex("127\\.0\\.0\\.1:\\d+")]
    private static partial Regex Port();

    [GeneratedRegex("\"requestId\":\"[^\"]*\"")]
    private static partial Regex RequestIds();

    [GeneratedRegex("devmapd_[A-Za-z0-9_-]{43}")]
    private static partial Regex Secret();

    [GeneratedRegex("\"\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z\"")]
    private static partial Regex Time();

    // The time of a lease is part of the request.
    [GeneratedRegex("(?<=\"duration\": ?)\"\\d+(\\.\\d+)?s\"")]
    private static partial Regex Duration();

    [GeneratedRegex("\"daemonVersion\":\"[^\"]*\"")]
    private static partial Regex Version();
}
