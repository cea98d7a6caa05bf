using System.Text.Json;
using System.Text.Json.Nodes;

namespace ControlPlane.FunctionalTests.Rest.OpenApi;

/// <summary>The OpenAPI document as the daemon serves it, and ways through it.</summary>
internal sealed class OpenApiDocument(JsonObject root)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n" };

    public JsonObject Root { get; } = root;

    public string Text => Root.ToJsonString(Indented) + "\n";

    /// <summary>Every operation with its path and method.</summary>
    public IEnumerable<(string Path, string Method, JsonObject Operation)> Operations =>
        from path in Root["paths"]!.AsObject()
        from operation in path.Value!.AsObject()
        select (path.Key, operation.Key, operation.Value!.AsObject());

    public IEnumerable<(string Name, JsonObject Schema)> Schemas =>
        Root["components"]!["schemas"]!.AsObject().Select(s => (s.Key, s.Value!.AsObject()));

    public static async Task<OpenApiDocument> ReadAsync(HttpClient client, string path = "/openapi/v1.json")
    {
        var text = await client.GetStringAsync(path, TestContext.Deadline());
        return new OpenApiDocument(JsonNode.Parse(text)!.AsObject());
    }

    /// <summary>The path of an operation with the examples of its parameters in place.</summary>
    public static string ExamplePath(string path, JsonObject operation) => Parameters(operation, "path").Aggregate(
        path, (p, parameter) => p.Replace($"{{{parameter["name"]}}}", Uri.EscapeDataString(parameter["example"]!.GetValue<string>()), StringComparison.Ordinal));

    public static IEnumerable<JsonObject> Parameters(JsonObject operation, string place) =>
        (operation["parameters"]?.AsArray() ?? []).Select(p => p!.AsObject()).Where(p => p["in"]!.GetValue<string>() == place);
}
