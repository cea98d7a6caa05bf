using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using ControlPlane.Core.Errors;
using ControlPlane.Daemon.Api.Rest.Errors;
using ControlPlane.TestCommon;

namespace ControlPlane.FunctionalTests.Rest.OpenApi;

/// <summary>The OpenAPI document: complete, true, and changed only on purpose.</summary>
public sealed class OpenApiTests : IAsyncLifetime
{
    private RestDaemon _daemon = null!;
    private OpenApiDocument _document = null!;

    public async Task InitializeAsync()
    {
        _daemon = await RestDaemon.StartAsync();
        _document = await OpenApiDocument.ReadAsync(_daemon.Client);
    }

    public Task DisposeAsync() => _daemon.DisposeAsync().AsTask();

    [Fact]
    [Trait("Group", "snapshot")]
    public void Document_MatchesItsSnapshot() =>
        Snapshot.AssertMatches("tests/ControlPlane.FunctionalTests/Snapshots/openapi.v1.json", _document.Text);

    /// <summary>The same document for generators that need OpenAPI 3.0.</summary>
    [Fact]
    [Trait("Group", "snapshot")]
    public async Task DocumentOf30_MatchesItsSnapshot()
    {
        var document = await OpenApiDocument.ReadAsync(_daemon.Client, "/openapi/v1-3.0.json");
        Assert.StartsWith("3.0.", document.Root["openapi"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(_document.Operations.Select(o => (o.Path, o.Method)), document.Operations.Select(o => (o.Path, o.Method)));
        Snapshot.AssertMatches("tests/ControlPlane.FunctionalTests/Snapshots/openapi.v1-3.0.json", document.Text);
    }

    [Fact]
    public void Operations_AreNamedTaggedSummarizedAndDescribed()
    {
        var missing = _document.Operations
            .SelectMany(o => new[] { "operationId", "summary", "description", "tags" }
                .Where(member => IsEmpty(o.Operation[member]))
                .Select(member => $"{o.Method} {o.Path}: {member}"));
        Assert.Empty(missing);
        var ids = _document.Operations.Select(o => o.Operation["operationId"]!.GetValue<string>()).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
        var tags = _document.Root["tags"]!.AsArray().Where(t => !IsEmpty(t!["description"])).Select(t => t!["name"]!.GetValue<string>());
        Assert.Empty(_document.Operations.SelectMany(o => o.Operation["tags"]!.AsArray()).Select(t => t!.GetValue<string>()).Except(tags));
    }

    [Fact]
    public void Parameters_AreDescribed_AndThoseInPathsHaveExamples()
    {
        var missing = _document.Operations.SelectMany(o =>
            (o.Operation["parameters"]?.AsArray() ?? [])
                .Where(p => IsEmpty(p!["description"]) || (p["in"]!.GetValue<string>() == "path" && IsEmpty(p["example"])))
                .Select(p => $"{o.Method} {o.Path}: {p!["name"]}"));
        Assert.Empty(missing);
    }

    [Fact]
    public void SchemaFields_AreDescribed_AndThoseOfOneValueHaveExamples()
    {
        var missing =
            from schema in _document.Schemas
            from field in schema.Schema["properties"]?.AsObject() ?? []
            where IsEmpty(field.Value!["description"]) || !(field.Value.AsObject().ContainsKey("example") || HoldsObjects(field.Value))
            select $"{schema.Name}.{field.Key}";
        Assert.Empty(missing);
        Assert.Empty(_document.Schemas.Where(s => IsEmpty(s.Schema["description"])).Select(s => s.Name));
    }

    [Fact]
    public void Bodies_HaveSchemasAndExamples()
    {
        var contents =
            from operation in _document.Operations
            from part in operation.Operation["responses"]!.AsObject().Select(r => (Name: r.Key, r.Value))
                .Concat(operation.Operation["requestBody"] is { } body ? [("body", body)] : [])
            from content in part.Value!["content"]?.AsObject() ?? []
            select (Where: $"{operation.Method} {operation.Path} {part.Name}", Content: content.Value!);
        Assert.NotEmpty(contents);
        Assert.Empty(contents
            .Where(c => IsEmpty(c.Content["schema"]) || (IsEmpty(c.Content["example"]) && IsEmpty(c.Content["examples"])))
            .Select(c => c.Where));
        Assert.Empty(_document.Operations
            .SelectMany(o => o.Operation["responses"]!.AsObject().Where(r => IsEmpty(r.Value!["description"])).Select(r => $"{o.Path} {r.Key}")));
    }

    [Fact]
    public void Errors_StandUnderTheStatusOfTheirCode()
    {
        var codes = Enum.GetValues<ErrorCode>().ToDictionary(c => c.Text());
        foreach (var (path, method, operation) in _document.Operations)
        {
            foreach (var (status, response) in operation["responses"]!.AsObject().Where(r => r.Key[0] is '4' or '5'))
            {
                foreach (var (code, example) in response!["content"]!["application/problem+json"]!["examples"]!.AsObject())
                {
                    // 404 where the interface is the addressed resource.
                    var addressed = code == "interface_not_found" && path.StartsWith("/v1/interfaces/", StringComparison.Ordinal);
                    var creates = code == "already_exists" && method == "post" && path != "/v1/entries:batch";
                    Assert.Equal(status, addressed ? "404" : creates ? "409" : $"{codes[code].Http()}");
                    Assert.Equal(status, $"{example!["value"]!["status"]}");
                    Assert.Equal(code, example["value"]!["code"]!.GetValue<string>());
                    Assert.True(example["value"]!["instance"]!.GetValue<string>() == OpenApiDocument.ExamplePath(path, operation), $"{method} {path} {code}");
                }
            }
        }
    }

    [Fact]
    public async Task RequestExamples_WorkAsTheyStand_AndAnswerAsDocumented()
    {
        _daemon.Testbed.Host.AddInterface("eth0");
        var order = new[] { "put", "get", "post", "delete" };
        foreach (var (path, method, operation) in _document.Operations.Where(o => !Streams(o.Operation))
            .OrderBy(o => o.Operation["operationId"]!.GetValue<string>() == "createToken" ? -1 : Array.IndexOf(order, o.Method)))
        {
            // A table that is replaced loses it.
            if (operation["operationId"]!.GetValue<string>() == "probeEntry")
                await ExampleTests.PutProbedAsync(_daemon.Client);
            if (operation["operationId"]!.GetValue<string>() is "confirmEntries" or "cancelEntries")
                await ExampleTests.PutPendingAsync(_daemon.Client);
            var query = string.Join('&', OpenApiDocument.Parameters(operation, "query").Where(p => p["example"] is not null).Select(p => $"{p["name"]}={p["example"]}"));
            using var request = new HttpRequestMessage(new HttpMethod(method), OpenApiDocument.ExamplePath(path, operation) + (query.Length > 0 ? "?" + query : ""));
            if (operation["requestBody"]?["content"]!["application/json"]!["example"] is { } example)
                request.Content = new StringContent(example.ToJsonString(), Encoding.UTF8, "application/json");
            using var response = await _daemon.Client.SendAsync(request, TestContext.Deadline());
            var body = await response.Content.ReadAsStringAsync();
            Assert.True(response.IsSuccessStatusCode, $"{method} {path}: {body}");
            if (operation["operationId"]!.GetValue<string>() == "confirmEntries")
                await ExampleTests.DeleteConfirmedAsync(_daemon.Client);
            var documented = operation["responses"]![$"{(int)response.StatusCode}"];
            Assert.NotNull(documented);
            if (response.StatusCode != HttpStatusCode.NoContent)
                AssertSameFields(documented["content"]!["application/json"]!["example"]!, JsonNode.Parse(body)!, $"{method} {path}");
        }
    }

    /// <summary>Streams do not end; their own tests read them.</summary>
    private static bool Streams(JsonNode operation) => operation["responses"]!["200"]?["content"]?["text/event-stream"] is not null;

    /// <summary>Answers have exactly the fields of the example; lists are compared by their first item.</summary>
    private static void AssertSameFields(JsonNode documented, JsonNode answered, string where)
    {
        if (documented is JsonObject expected && answered is JsonObject found)
        {
            if (where.EndsWith("labels", StringComparison.Ordinal))
                return;
            Assert.True(expected.Select(p => p.Key).SequenceEqual(found.Select(p => p.Key)), $"{where}: {found.ToJsonString()}");
            foreach (var (name, value) in expected)
            {
                if (value is not null && found[name] is { } other)
                    AssertSameFields(value, other, $"{where} {name}");
            }
        }
        else if (documented is JsonArray { Count: > 0 } list && answered is JsonArray { Count: > 0 } items)
        {
            AssertSameFields(list[0]!, items[0]!, where);
        }
    }

    private static bool HoldsObjects(JsonNode schema) =>
        schema["allOf"] is not null || schema["oneOf"] is not null || schema["$ref"] is not null || schema["items"]?["$ref"] is not null;

    private static bool IsEmpty(JsonNode? node) => node switch
    {
        null => true,
        JsonValue value => string.IsNullOrWhiteSpace(value.ToString()),
        JsonArray array => array.Count == 0,
        JsonObject thing => thing.Count == 0,
        _ => false,
    };
}
