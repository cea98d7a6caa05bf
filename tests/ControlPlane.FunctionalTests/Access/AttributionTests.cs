using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using ControlPlane.Core.Api;
using ControlPlane.Core.Model;
using ControlPlane.FunctionalTests.Grpc;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;
using Google.Protobuf;
using Grpc.Core;
using Rpc = Devmapd.V1;

namespace ControlPlane.FunctionalTests.Access;

/// <summary>Every operation that changes something, by REST and by gRPC, is one line of the log: what, who, from where, and which request.</summary>
public sealed class AttributionTests(AttributionTests.Setup setup) : IClassFixture<AttributionTests.Setup>
{
    /// <summary>A change by both APIs.</summary>
    /// <param name="Path">The values of the parameters of the path, in order. <c>@</c> stands for the API, so that each changes a thing of its own.</param>
    /// <param name="Rest">The body of REST; null for none.</param>
    /// <param name="Grpc">The message of gRPC as JSON.</param>
    /// <param name="Expected">The begin of the line.</param>
    private sealed record Change(string[] Path, string? Rest, string Grpc, string Expected);

    private static readonly Dictionary<string, string> Names = new(StringComparer.Ordinal) { ["rest"] = "1", ["grpc"] = "2" };

    private static readonly Dictionary<Operation, Change> Changes = new()
    {
        [Operations.PutEntry] = new(
            ["vlans", "10@"], """{"interface":"sim1"}""", """{"devmap":"vlans","key":"10@","spec":{"interface":"sim1"}}""", "put devmaps/vlans/entries/10@, revision "),
        [Operations.DeleteEntry] = new(["vlans", "20@"], null, """{"devmap":"vlans","key":"20@"}""", "delete devmaps/vlans/entries/20@, revision "),
        [Operations.ApplyEntries] = new(
            [],
            """{"mode":"atomic","items":[{"put":{"devmap":"vlans","key":"30@","spec":{"interface":"sim1"}}},{"put":{"devmap":"vlans","key":"31@","spec":{"interface":"sim1"}}}]}""",
            """{"mode":"BATCH_MODE_ATOMIC","items":[{"put":{"devmap":"vlans","key":"30@","spec":{"interface":"sim1"}}},{"put":{"devmap":"vlans","key":"31@","spec":{"interface":"sim1"}}}]}""",
            "put devmaps/vlans/entries/30@, put devmaps/vlans/entries/31@, revision "),
        [Operations.ReplaceEntries] = new(
            ["rows"],
            """{"entries":[{"key":"4@","spec":{"interface":"sim1"}}]}""",
            """{"devmap":"rows","entries":[{"key":"4@","spec":{"interface":"sim1"}}]}""",
            "replace the entries of devmaps/rows: 1 created, 0 changed, "),
        [Operations.ProbeEntry] = new(["default", "sim0"], null, """{"devmap":"default","key":"sim0"}""", "probe devmaps/default/entries/sim0 with 10 real frames: "),
        [Operations.AuditDevmap] = new(["default"], null, """{"devmap":"default"}""", "audit devmaps/default, repair True, "),
        [Operations.PutAttachment] = new(
            ["vlans", "sim@"], """{"mode":"native"}""", """{"devmap":"vlans","interface":"sim@","spec":{"mode":"ATTACH_MODE_NATIVE"}}""",
            "put devmaps/vlans/attachments/sim@, revision "),
        [Operations.DeleteAttachment] = new(["tags", "new@"], null, """{"devmap":"tags","interface":"new@"}""", "delete devmaps/tags/attachments/new@, revision "),
        [Operations.PutProgram] = new(["a@"], """{"template":"count"}""", """{"program":"a@","spec":{"template":"EGRESS_TEMPLATE_COUNT"}}""", "put programs/a@, revision "),
        [Operations.DeleteProgram] = new(["b@"], null, """{"program":"b@"}""", "delete programs/b@, revision "),
        [Operations.SetEgressProgram] = new(
            ["new@"], """{"egressProgram":"c"}""", """{"interface":"new@","egressProgram":"c"}""", "set the egress program of interfaces/new@ to c, revision "),
        [Operations.PutDevmap] = new(["h@"], """{"maxEntries":16}""", """{"devmap":"h@","spec":{"maxEntries":16}}""", "put devmaps/h@, revision "),
        [Operations.DeleteDevmap] = new(["i@"], null, """{"devmap":"i@"}""", "delete devmaps/i@, revision "),
        [Operations.PutLease] = new(["f@"], """{"ttl":"30s"}""", """{"lease":"f@","spec":{"ttl":"30s"}}""", "put leases/f@, revision "),
        [Operations.DeleteLease] = new(["g@"], null, """{"lease":"g@"}""", "delete leases/g@, revision "),
        [Operations.RevertChange] = new(["#"], null, """{"revision":"#"}""", "revert the change of revision #: 0 created, 0 changed, 1 deleted, revision "),
        [Operations.CreateToken] = new([], """{"name":"d@","role":"viewer"}""", """{"name":"d@","role":"ROLE_VIEWER"}""", "create tokens/d@, revision "),
        [Operations.DeleteToken] = new(["e@"], null, """{"token":"e@"}""", "delete tokens/e@, revision "),
    };

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            // Keeping a lease alive is no change.
            foreach (var operation in Operations.All.Where(o => o.Role > Role.Viewer && o.Verb is not (Verb.List or Verb.Get or Verb.Watch) && o != Operations.KeepAlive))
            {
                // It would take the changes of the others back; it is the command of RevertChange.
                if (operation == Operations.RevertState)
                    continue;

                // They need a table that waits; the end of one is a change of the daemon or none.
                if (operation == Operations.ConfirmEntries || operation == Operations.CancelEntries)
                    continue;

                // It is as many changes as parts of the state differ: each a line of its own.
                if (operation == Operations.ApplyState)
                    continue;

                foreach (var api in Names.Keys)
                    cases.Add(operation.Id, api);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Change_IsOneLine_WithWhoFromWhereAndRequest(string id, string api)
    {
        var operation = Operations.All.Single(o => o.Id == id);
        var change = Changes[operation];
        var request = $"{id}.{api}";
        if (api == "rest")
            await AskRestAsync(operation, change, request);
        else
            await AskGrpcAsync(operation, change, request);

        await Eventually.Async(() => LinesOf(request).Count > 0, what: $"{id} is logged");
        var line = Assert.Single(LinesOf(request));
        Assert.Null(line["@l"]); // Information
        var text = (string)line["@m"]!;
        Assert.StartsWith(For(api, change.Expected), text, StringComparison.Ordinal);
        Assert.Matches(@", by token writer, from 127\.0\.0\.1:\d+$", text);
    }

    private string For(string api, string text) =>
        text.Replace("@", Names[api], StringComparison.Ordinal).Replace("#", setup.Revisions.GetValueOrDefault(Names[api]), StringComparison.Ordinal);

    private List<JsonNode> LinesOf(string request) =>
    [
        .. setup.Daemon.Log.Where(l => l.Contains($"\"{request}\"", StringComparison.Ordinal)).Select(l => JsonNode.Parse(l)!)
            .Where(l => ((string)l["@m"]!).Contains(", by ", StringComparison.Ordinal)),
    ];

    private async Task AskRestAsync(Operation operation, Change change, string id)
    {
        var path = operation.RestPath;
        foreach (var value in change.Path)
            path = $"{path[..path.IndexOf('{', StringComparison.Ordinal)]}{For("rest", value)}{path[(path.IndexOf('}', StringComparison.Ordinal) + 1)..]}";
        using var client = UnixHttp.Connect(setup.Daemon.Rest, setup.Token);
        using var request = new HttpRequestMessage(new HttpMethod(operation.RestMethod), path) { Headers = { { "X-Request-Id", id } } };
        if (change.Rest is { } body)
            request.Content = new StringContent(For("rest", body), Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        using var answer = await client.SendAsync(request, TestContext.Deadline());
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private async Task AskGrpcAsync(Operation operation, Change change, string id)
    {
        var (service, method) = (operation.Grpc.Split('/')[0], operation.Grpc.Split('/')[1]);
        var services = new[] { Rpc.DevmapService.Descriptor, Rpc.ProgramService.Descriptor, Rpc.LeaseService.Descriptor, Rpc.TokenService.Descriptor, Rpc.ChangeService.Descriptor };
        var message = services.Single(s => s.Name == service).FindMethodByName(method).InputType.Parser.ParseJson(For("grpc", change.Grpc));
        var answer = await RawCall.AskAsync(
            setup.Daemon.Grpc, $"devmapd.v1.{operation.Grpc}", message.ToByteArray(), ("authorization", $"Bearer {setup.Token}"), ("x-request-id", id));
        Assert.True(answer.Code == StatusCode.OK, answer.Message);
    }

    /// <summary>A daemon with all that the changes need, made by root over the unix socket.</summary>
    public sealed class Setup : IAsyncLifetime
    {
        public DaemonProcess Daemon { get; private set; } = null!;

        public string Token { get; private set; } = "";

        /// <summary>The revision of the change that each API undoes.</summary>
        public Dictionary<string, string> Revisions { get; } = [];

        public async Task InitializeAsync()
        {
            string[] selectors = ["ingressInterface", "vlan", "vlan", "vlan"];
            string[] names = ["default", "vlans", "tags", "rows"];
            Daemon = await DaemonProcess.StartReadyAsync([
                "--simulate", "--ControlPlane:Probe:Enabled=true",
                .. names.SelectMany((name, i) => new[] { $"--ControlPlane:Devmaps:{i}:Name={name}", $"--ControlPlane:Devmaps:{i}:KeySelector={selectors[i]}" }),
            ]);
            Token = await Daemon.CreateTokenAsync("writer");
            using var root = Daemon.ConnectUnix();
            await PutAsync("programs/c", """{"template":"count"}""");
            await PutAsync("devmaps/default/attachments/sim0", """{"mode":"native"}""");
            await PutAsync("devmaps/default/entries/sim0", """{"interface":"sim3"}""");
            foreach (var n in Names.Values)
            {
                await PutAsync($"devmaps/i{n}", """{"maxEntries":16}""");
                await PutAsync($"leases/g{n}", """{"ttl":"1000s"}""");
                await PutAsync($"programs/b{n}", """{"template":"count"}""");
                await PutAsync($"devmaps/vlans/entries/20{n}", """{"interface":"sim3"}""");
                await PutAsync($"devmaps/tags/attachments/new{n}?allowPending=true", """{"mode":"native"}""");
                await PutAsync($"devmaps/tags/entries/{n}?allowPending=true", $$"""{"interface":"new{{n}}"}""");
                await Daemon.CreateTokenAsync($"e{n}");
                Revisions[n] = await PutAsync($"devmaps/vlans/entries/60{n}", """{"interface":"sim3"}""");
            }

            async Task<string> PutAsync(string path, string body)
            {
                using var content = new StringContent(body, Encoding.UTF8, "application/json");
                using var answer = await root.PutAsync(new Uri($"/v1/{path}", UriKind.Relative), content);
                Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
                return answer.Headers.ETag!.Tag.Trim('"');
            }
        }

        public async Task DisposeAsync() => await Daemon.DisposeAsync();
    }
}
