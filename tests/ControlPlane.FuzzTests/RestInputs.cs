using System.Text;
using System.Text.Json.Nodes;

namespace ControlPlane.FuzzTests;

/// <summary>An HTTP request in bytes.</summary>
/// <param name="Method">The method.</param>
/// <param name="Target">The path and the query.</param>
/// <param name="Bytes">The request.</param>
internal sealed record RestInput(string Method, string Target, byte[] Bytes);

/// <summary>Makes HTTP requests from an OpenAPI document.</summary>
/// <param name="document">The document.</param>
/// <param name="random">The source of chance.</param>
/// <param name="wrongCredentials">The probability of credentials that are not valid.</param>
/// <param name="streams">Whether streams of events are asked for. A stream that is granted does not end.</param>
internal sealed class RestInputs(JsonNode document, Random random, double wrongCredentials, bool streams)
{
    // Names that exist, or can: most requests are about these.
    private static readonly Dictionary<string, string[]> Known = new(StringComparer.Ordinal)
    {
        ["devmap"] = ["default", "vlans", "addresses", "plain", "nope"],
        ["key"] = ["1", "2", "100", "4094", "10.0.0.7", "10.0.0.8", "lo", "sim0", "sim1"],
        ["interfaceName"] = ["lo", "sim0", "sim1", "sim2", "nosuch0"],
        ["interface"] = ["lo", "sim0", "sim1", "sim2", "nosuch0"],
        ["ingress"] = ["lo", "sim0", "nosuch0"],
        ["program"] = ["p1", "p2", "p3", "nope"],
        ["egressProgram"] = ["p1", "p2", "p3", "nope"],
        ["token"] = ["a", "t1", "t2", "nope"],
        ["name"] = ["a", "t1", "t2"],
        ["dst"] = ["10.0.0.7", "1.2.3.4.5", "::1"],
        ["timeout"] = ["0s", "0.01s", "0.0000001s", "-1s", "301s", "5m", "s"],
        ["pageToken"] = ["AAAA", "zzzz", ""],
        ["label"] = ["a=b", "=", "a", "a="],
        ["If-Match"] = ["*", "\"1\"", "\"7\"", "W/\"1\"", "1", "\"1\",\"2\"", "\"-1\"", "\"99999999999999999999\"", "\""],
        ["If-None-Match"] = ["*", "\"1\""],
        ["sourceMac"] = ["02:00:00:00:00:01", "ff:ff:ff:ff:ff:ff", "02-00-00-00-00-01"],
        ["destinationMac"] = ["02:00:00:00:00:02", "00:00:00:00:00:00"],
    };

    private static readonly string[] Headers =
    [
        "Origin: http://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site", "X-Request-Id: a b", "X-HTTP-Method-Override: DELETE", "Content-Encoding: gzip",
        "Accept-Encoding: gzip, br", "Accept: text/plain", "Accept: q=;;", "Accept: application/xml", "traceparent: 00-ffffffffffffffffffffffffffffffff-ffffffffffffffff-01",
        "Range: bytes=0-1", "TE: trailers", "Expect: 100-continue", "Last-Event-ID: x", "If-Modified-Since: yesterday", "Cookie: a=b; c=d", "Forwarded: for=1.1.1.1",
        "Host: evil.example", "X: \u00e9", "Transfer-Encoding: identity", "Upgrade: h2c",
    ];

    private readonly Dictionary<string, JsonNode> _references = new(StringComparer.Ordinal);

    private readonly (string Method, string Path, JsonNode Operation)[] _operations =
    [
        .. from path in document["paths"]!.AsObject()
           from operation in path.Value!.AsObject()
           where streams || !path.Key.EndsWith("/events", StringComparison.Ordinal)
           select (operation.Key.ToUpperInvariant(), path.Key, operation.Value!),
    ];

    private static readonly string[] Others =
    [
        "/healthz", "/readyz", "/metrics", "/login", "/login?code=x", "/errors", "/errors/devmap_full", "/swagger/index.html", "/v1", "/v2/x", "/v1/../v1/host", "//v1/host",
        "/grpc.health.v1.Health/Check", "/v1/devmaps/default/entries/",
    ];

    /// <summary>Makes a request.</summary>
    public RestInput Next()
    {
        var (method, path, operation) = random.Happens(0.03) ? ("GET", random.Of<string>(Others), new JsonObject()) : random.Of<(string, string, JsonNode)>(_operations);
        if (path.EndsWith(":audit", StringComparison.Ordinal) && random.Happens(0.9))
            return Next();
        var headers = new List<string> { "Host: localhost" };
        var query = new List<string>();
        foreach (var parameter in operation["parameters"]?.AsArray() ?? [])
        {
            var (name, schema) = (parameter!["name"]!.GetValue<string>(), Resolve(parameter["schema"]!));
            switch (parameter["in"]!.GetValue<string>())
            {
                case "path":
                    path = path.Replace($"{{{name}}}", Escape(Text(name, schema)), StringComparison.Ordinal);
                    break;
                // Nobody waits for half a minute.
                case "query" when name == "timeout" || random.Happens(0.4):
                    query.Add($"{name}={Escape(Text(name, schema))}");
                    break;
                case "header" when random.Happens(0.15):
                    headers.Add($"{name}: {Text(name, schema).ReplaceLineEndings("").Replace('\0', 'x')}");
                    break;
            }
        }

        if (random.Happens(0.04))
            query.Add($"{Escape(random.OddText())}={Escape(random.OddText())}");
        if (random.Happens(0.04))
            method = random.Of("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "FOO", "get");
        if (random.Happens(0.1))
            headers.Add(random.Of<string>(Headers));
        if (random.Happens(wrongCredentials))
            headers.Add(random.WrongCredentials());
        var body = operation["requestBody"]?["content"]?["application/json"]?["schema"] is { } bodySchema ? Body(bodySchema) : random.Happens(0.02) ? "{}"u8.ToArray() : null;
        var target = query.Count == 0 ? path : $"{path}?{string.Join('&', query)}";
        return new(method, target, Write(method, target, headers, body));
    }

    private byte[] Write(string method, string target, List<string> headers, byte[]? body)
    {
        if (body is not null)
            headers.Add($"Content-Type: {(random.Happens(0.95) ? "application/json" : random.Of("text/plain", "application/json; charset=utf-16", "", "application/grpc", "a/b;;;"))}");
        var chunked = body is { Length: > 0 } && random.Happens(0.05);
        if (chunked)
            headers.Add("Transfer-Encoding: chunked");
        else if (body is not null || method is "PUT" or "POST")
            headers.Add($"Content-Length: {body?.Length ?? 0}");
        var head = Encoding.Latin1.GetBytes($"{method} {target} HTTP/1.1\r\n{string.Join("\r\n", headers)}\r\n\r\n");
        return chunked
            ? [.. head, .. Encoding.ASCII.GetBytes($"{body!.Length:x}\r\n"), .. body, .. "\r\n0\r\n\r\n"u8]
            : [.. head, .. body ?? []];
    }

    private byte[] Body(JsonNode schema)
    {
        var bytes = Encoding.UTF8.GetBytes(Value("", Resolve(schema), 0)?.ToJsonString() ?? "null");
        return random.Happens(0.25) ? random.Damaged(bytes) : bytes;
    }

    private JsonNode? Value(string name, JsonNode schema, int depth)
    {
        if (random.Happens(0.03) || depth > 4)
            return random.Of<JsonNode?>(null, JsonValue.Create(random.OddText()), JsonValue.Create(random.NextInt64()), new JsonArray(), new JsonObject(), JsonValue.Create(true), JsonValue.Create(1.5));
        if (schema["enum"] is JsonArray words)
            return JsonValue.Create(random.Of([.. words.OfType<JsonValue>().Select(w => w.ToString()), "zap"]));
        switch (TypeOf(schema))
        {
            case "object":
                var made = new JsonObject();
                foreach (var (property, type) in schema["properties"]?.AsObject() ?? [])
                {
                    if (random.Happens(0.6))
                        made[property] = Value(property, Resolve(type!), depth + 1);
                }

                if (schema["additionalProperties"] is JsonObject values)
                {
                    for (var i = random.Next(random.Happens(0.02) ? 200 : 3); i > 0; i--)
                        made[random.Happens(0.8) ? random.Of("a", "b", "pod") : random.OddText()] = Value("", Resolve(values), depth + 1);
                }

                if (random.Happens(0.05))
                    made[random.OddText()] = "x";
                return made;
            case "array":
                return new JsonArray([.. Enumerable.Range(0, random.Next(3)).Select(_ => Value(name, Resolve(schema["items"]!), depth + 1))]);
            case "boolean":
                return JsonValue.Create(random.Happens(0.5));
            case "integer" or "number":
                return JsonValue.Create(random.Of<long>(0, 1, 7, 100, 4094, 4095, -1, int.MaxValue, long.MaxValue));
            default:
                return JsonValue.Create(Text(name, schema));
        }
    }

    private string Text(string name, JsonNode schema)
    {
        if (random.Happens(0.08))
            return random.OddText();
        if (schema["enum"] is JsonArray words)
            return random.Of([.. words.OfType<JsonValue>().Select(w => w.ToString())]);
        if (Known.TryGetValue(name, out var known))
            return random.Of<string>(known);
        return TypeOf(schema) switch
        {
            "integer" => random.Of("0", "1", "7", "28", "100", "4095", "10000", "-1", "65536", "99999999999"),
            "boolean" => random.Of("true", "false", "1"),
            _ => random.Of("a", "x-y", "walk"),
        };
    }

    private static string? TypeOf(JsonNode schema) => schema["type"] switch
    {
        JsonArray types => types.Select(t => t!.GetValue<string>()).FirstOrDefault(t => t != "null"),
        JsonValue type => type.GetValue<string>(),
        _ => null,
    };

    // A reference, or one of several schemas.
    private JsonNode Resolve(JsonNode schema)
    {
        while (true)
        {
            if (schema["$ref"]?.GetValue<string>() is { } reference)
                schema = _references.GetValueOrDefault(reference) ?? (_references[reference] = reference.Split('/')[1..].Aggregate(document, (node, name) => node[name]!));
            else if ((schema["allOf"] ?? schema["oneOf"] ?? schema["anyOf"]) is JsonArray { Count: > 0 } several && schema["properties"] is null)
                schema = several[random.Next(several.Count)]!;
            else
                return schema;
        }
    }

    private string Escape(string text) => random.Happens(0.02) ? random.Of("%", "%F", "%ff", "%C0%AF", "%00", "a%2Fb", "%ED%A0%80") : Uri.EscapeDataString(text);
}
