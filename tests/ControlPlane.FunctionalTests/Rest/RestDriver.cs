using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.FunctionalTests.Scenarios;

namespace ControlPlane.FunctionalTests.Rest;

/// <summary>The REST face, driven by scenarios.</summary>
internal sealed class RestDriver(HttpClient client) : IApiDriver
{
    public async Task<Answer> AskAsync(Operation operation, CancellationToken cancellationToken)
    {
        using var request = Request(operation);
        if (operation.ExpectedRevision is 0)
            request.Headers.TryAddWithoutValidation("If-None-Match", "*");
        else if (operation.ExpectedRevision is { } revision)
            request.Headers.TryAddWithoutValidation("If-Match", $"\"{revision}\"");
        using var response = await client.SendAsync(request, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        using var json = JsonDocument.Parse(text.Length > 0 ? text : "{}");
        if (!response.IsSuccessStatusCode)
            return Failed(response, json.RootElement);
        var put = response.RequestMessage!.Method == HttpMethod.Put && operation is not Operation.ReplaceEntries;
        var created = response.StatusCode == HttpStatusCode.Created
            || (put && response.StatusCode == HttpStatusCode.Accepted && json.RootElement.GetProperty("created").GetBoolean());
        AssertAccepted(response.StatusCode, json.RootElement);
        return new Answer.Done(put ? created : null, Answer.Flatten(json.RootElement));
    }

    // 202 stands for a wait whose time is over, and for nothing else.
    private static void AssertAccepted(HttpStatusCode status, JsonElement body) => Assert.Equal(
        status == HttpStatusCode.Accepted,
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty("waitSatisfied", out var satisfied) && satisfied.ValueKind == JsonValueKind.False);

    private static HttpRequestMessage Request(Operation operation) => operation switch
    {
        Operation.ListDevmaps => Get("devmaps"),
        Operation.GetDevmap o => Get("devmaps", o.Devmap),
        Operation.GetDevmapShape o => Get("devmaps", o.Devmap, "shape"),
        Operation.AuditDevmap o => new HttpRequestMessage(
            HttpMethod.Post, Path("devmaps", o.Devmap) + ":audit" + (o.Repair is { } repair ? $"?repair={(repair ? "true" : "false")}" : "")),
        Operation.Explain o => new HttpRequestMessage(
            HttpMethod.Get,
            (o.Key is null ? Path("devmaps", o.Devmap) : Path("devmaps", o.Devmap, "entries", o.Key)) + ":explain"
                + Query(("ingress", o.Ingress), ("vlan", Text(o.Vlan)), ("dst", o.Destination), ("length", Text(o.Length)), ("ttl", Text(o.Ttl)))),
        Operation.PutEntry o => Put(
            Spec(o), Query(("allowPending", Text(o.AllowPending)), ("force", Text(o.Force)), ("wait", o.Wait), ("timeout", o.Timeout)), "devmaps", o.Devmap, "entries", o.Key),
        Operation.GetEntry o => Get("devmaps", o.Devmap, "entries", o.Key),
        Operation.DeleteEntry o => Delete(Claim(o.Owner, o.Force), "devmaps", o.Devmap, "entries", o.Key),
        Operation.ApplyEntries o => new HttpRequestMessage(HttpMethod.Post, "/v1/entries:batch" + Query(("force", Text(o.Force)), ("wait", o.Wait), ("timeout", o.Timeout)))
        {
            Headers = { { "Idempotency-Key", o.IdempotencyKey is { } key ? [key] : Array.Empty<string>() } },
            Content = new StringContent(
                Body(("mode", o.Mode), ("items", new JsonArray([.. o.Items.Select(Item)]))).ToJsonString(), Encoding.UTF8, "application/json"),
        },
        Operation.ReplaceEntries o => Put(
            Body(("entries", new JsonArray([.. o.Items.Select(Desired)]))),
            Query(
            [
                ("owner", o.Owner), ("allowPending", Text(o.AllowPending)), ("dryRun", Text(o.DryRun)), ("force", Text(o.Force)), ("allowDeletions", Text(o.AllowDeletions)),
                ("mode", o.Mode), ("wait", o.Wait), ("timeout", o.Timeout),
                .. (o.Labels ?? []).Select(l => ("label", (string?)l)),
            ]),
            "devmaps", o.Devmap, "entries"),
        Operation.WaitEntries o => new HttpRequestMessage(
            HttpMethod.Get,
            "/v1/entries:wait" + Query(
            [
                ("owner", o.Owner), ("state", o.State), ("revision", Text(o.Revision)), ("timeout", o.Timeout),
                .. o.Devmaps.Select(d => ("devmap", (string?)d)), .. (o.Labels ?? []).Select(l => ("label", (string?)l)),
            ])),
        Operation.ProbeEntry o => new HttpRequestMessage(
            HttpMethod.Post, Path("devmaps", o.Devmap, "entries", o.Key) + ":probe" + Query(("frames", Text(o.Frames)))),
        Operation.ListEntries o => new HttpRequestMessage(HttpMethod.Get, Path("devmaps", o.Devmap, "entries") + Query(o)),
        Operation.ListCounters o => new HttpRequestMessage(
            HttpMethod.Get,
            Path("devmaps", o.Devmap, "entries") + ":counters"
                + Query(("pageSize", Text(o.PageSize)), ("pageToken", o.PageToken), ("interface", o.Interface), ("owner", o.Owner))),
        Operation.ListAttachments o => Get("devmaps", o.Devmap, "attachments"),
        Operation.PutAttachment o => Put(
            Body(("mode", o.Mode), ("promiscuous", o.Promiscuous), ("labels", o.Labels), ("owner", o.Owner), ("lease", o.Lease)),
            Query(("allowPending", Text(o.AllowPending)), ("force", Text(o.Force))), "devmaps", o.Devmap, "attachments", o.Interface),
        Operation.GetAttachment o => Get("devmaps", o.Devmap, "attachments", o.Interface),
        Operation.DeleteAttachment o => Delete(Claim(o.Owner, o.Force), "devmaps", o.Devmap, "attachments", o.Interface),
        Operation.ListPrograms => Get("programs"),
        Operation.PutProgram o => Put(
            Body(
                ("template", o.Template),
                ("parameters", Body(("sourceMac", o.SourceMac), ("destinationMac", o.DestinationMac), ("vlanId", o.VlanId))),
                ("labels", o.Labels), ("owner", o.Owner)),
            Query(("force", Text(o.Force))), "programs", o.Program),
        Operation.GetProgram o => Get("programs", o.Program),
        Operation.DeleteProgram o => Delete(Claim(o.Owner, o.Force), "programs", o.Program),
        Operation.SetEgressProgram o => new HttpRequestMessage(HttpMethod.Post, Path("interfaces", o.Interface) + ":setEgressProgram")
        {
            Content = new StringContent(Body(("egressProgram", o.EgressProgram)).ToJsonString(), Encoding.UTF8, "application/json"),
        },
        Operation.ListLeases => Get("leases"),
        Operation.GetLease o => Get("leases", o.Lease),
        Operation.PutDevmap o => Put(Spec(o), Query(("force", Text(o.Force))), "devmaps", o.Devmap),
        Operation.DeleteDevmap o => Delete(Claim(o.Owner, o.Force), "devmaps", o.Devmap),
        Operation.ApplyState o => Put(State(o), Query(("dryRun", Text(o.DryRun)), ("allowDeletions", Text(o.AllowDeletions))), "state"),
        Operation.PutLease o => Put(
            Body(("ttl", Seconds(o.TtlSeconds)), ("labels", o.Labels), ("owner", o.Owner)), Query(("force", Text(o.Force))), "leases", o.Lease),
        Operation.DeleteLease o => Delete(Claim(o.Owner, o.Force), "leases", o.Lease),
        Operation.KeepAlive o => new HttpRequestMessage(HttpMethod.Post, Path("leases", o.Lease) + ":keepAlive"),
        Operation.ListChanges o => new HttpRequestMessage(
            HttpMethod.Get,
            "/v1/changes" + Query(
                ("devmap", o.Devmap), ("order", o.Order), ("pageSize", Text(o.PageSize)), ("key", o.Key), ("owner", o.Owner), ("actor", o.Actor),
                ("sinceRevision", Text(o.SinceRevision)), ("untilRevision", Text(o.UntilRevision)), ("sinceTime", o.SinceTime))),
        Operation.RevertChange o => new HttpRequestMessage(
            HttpMethod.Post, $"/v1/changes/{Text(o.Revision)}:revert" + Query(("force", Text(o.Force)), ("dryRun", Text(o.DryRun)))),
        Operation.RevertState o => new HttpRequestMessage(
            HttpMethod.Post, "/v1/state:revert" + Query(("revision", Text(o.Revision)), ("dryRun", Text(o.DryRun)))),
        Operation.ListInterfaces => Get("interfaces"),
        Operation.GetInterface o => Get("interfaces", o.Interface),
        Operation.GetHost => Get("host"),
        _ => throw new ArgumentOutOfRangeException(nameof(operation), operation, "is not known"),
    };

    private static JsonObject Spec(Operation.PutDevmap put) => Body(
        ("maxEntries", put.MaxEntries), ("valueSize", put.ValueSize), ("keySelector", put.KeySelector), ("numaNode", put.NumaNode), ("missAction", put.MissAction),
        ("counters", put.Counters), ("labels", put.Labels), ("owner", put.Owner));

    private static JsonObject State(Operation.ApplyState apply) => new()
    {
        ["devmaps"] = new JsonArray([.. apply.Devmaps.Select(d => new JsonObject { ["name"] = d.Devmap, ["spec"] = Spec(d) })]),
        ["programs"] = new JsonArray(),
        ["leases"] = new JsonArray(),
        ["attachments"] = new JsonArray(),
        ["entries"] = new JsonArray([.. apply.Entries.Select(e => new JsonObject { ["devmap"] = e.Devmap, ["key"] = e.Key, ["spec"] = Spec(e) })]),
    };

    private static JsonObject Spec(Operation.PutEntry put) => Body(
        ("interface", put.Interface), ("egressProgram", put.EgressProgram),
        ("actions", put.Actions is not { } actions ? null : Body(
            ("sourceMac", actions.SourceMac), ("destinationMac", actions.DestinationMac), ("setVlan", actions.SetVlan), ("pushVlan", actions.PushVlan),
            ("popVlan", actions.PopVlan), ("decrementTtl", actions.DecrementTtl))),
        ("labels", put.Labels), ("owner", put.Owner), ("lease", put.Lease), ("onInterfaceGone", put.OnInterfaceGone), ("deleteAfter", Seconds(put.DeleteAfterSeconds)));

    private static string? Seconds(double? seconds) => seconds is { } given ? string.Create(CultureInfo.InvariantCulture, $"{given}s") : null;

    private static JsonObject Item(Operation item) => item switch
    {
        Operation.PutEntry put => Body(("put", Body(
            ("devmap", put.Devmap), ("key", put.Key), ("expectedRevision", put.ExpectedRevision),
            ("spec", Spec(put))))),
        Operation.DeleteEntry delete => Body(("delete", Body(
            ("devmap", delete.Devmap), ("key", delete.Key), ("owner", delete.Owner), ("expectedRevision", delete.ExpectedRevision)))),
        _ => throw new ArgumentOutOfRangeException(nameof(item), item, "is no item"),
    };

    private static JsonObject Desired(Operation.PutEntry item) => Body(
        ("key", item.Key), ("expectedRevision", item.ExpectedRevision),
        ("spec", Body(("interface", item.Interface), ("egressProgram", item.EgressProgram), ("labels", item.Labels), ("owner", item.Owner))));

    private static HttpRequestMessage Get(params string[] path) => new(HttpMethod.Get, Path(path));

    private static HttpRequestMessage Delete(string query, params string[] path) => new(HttpMethod.Delete, Path(path) + query);

    private static string Claim(string? owner, bool? force) => Query(("owner", owner), ("force", Text(force)));

    private static HttpRequestMessage Put(JsonObject body, string query, params string[] path) =>
        new(HttpMethod.Put, Path(path) + query) { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };

    private static string Path(params string[] path) => "/v1/" + string.Join('/', path.Select(Uri.EscapeDataString));

    private static JsonObject Body(params (string Name, object? Value)[] fields) =>
        new(fields.Where(f => f.Value is not null).Select(f => KeyValuePair.Create(f.Name, f.Value as JsonNode ?? JsonSerializer.SerializeToNode(f.Value))));

    private static string Query(Operation.ListEntries list) => Query(
    [
        ("pageSize", Text(list.PageSize)),
        ("pageToken", list.PageToken),
        ("interface", list.Interface),
        ("egressProgram", list.EgressProgram),
        ("state", list.State),
        ("owner", list.Owner),
        ("view", list.View),
        .. (list.Labels ?? []).Select(l => ("label", (string?)l)),
    ]);

    private static string? Text(bool? value) => value is { } known ? known ? "true" : "false" : null;

    private static string? Text(long? number) => number?.ToString(CultureInfo.InvariantCulture);

    private static string Query(params (string Name, string? Value)[] parameters)
    {
        return "?" + string.Join('&', parameters.Where(p => p.Value is not null).Select(p => $"{p.Name}={Uri.EscapeDataString(p.Value!)}"));
    }

    private static Answer.Failed Failed(HttpResponseMessage response, JsonElement problem)
    {
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal((int)response.StatusCode, problem.GetProperty("status").GetInt32());
        return new Answer.Failed(
            Text(problem, "code"),
            Text(problem, "detail"),
            problem.TryGetProperty("errors", out var errors) ? [.. errors.EnumerateArray().Select(e => e.GetProperty("field").GetString()!)] : [],
            problem.TryGetProperty("errno", out var errno) ? errno.GetInt32() : null,
            problem.TryGetProperty("remedy", out var remedy) ? Text(remedy, "summary") : null,
            response.Headers.RetryAfter is not null);
    }

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;
}
