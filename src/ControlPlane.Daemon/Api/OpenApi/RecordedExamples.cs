using System.Text.Json.Nodes;

namespace ControlPlane.Daemon.Api.OpenApi;

/// <summary>
/// Examples of bodies: requests, and the answers that a daemon with a simulated kernel gave to them. A test records them again and
/// compares; <c>make snapshots</c> rewrites the file.
/// </summary>
internal static class RecordedExamples
{
    private const string Resource = "ControlPlane.Daemon.Api.OpenApi.examples.json";

    private static readonly JsonObject Recorded = Read();

    /// <summary>Returns the body of a request for an operation; null if there is none.</summary>
    public static JsonNode? Request(string operation) => Find("requests", operation);

    /// <summary>Returns the body of an answer of an operation; null if there is none.</summary>
    public static JsonNode? Answer(string operation, string status) => Find("answers", $"{operation} {status}");

    /// <summary>Returns the page for people of an operation; null if there is none.</summary>
    public static JsonNode? Page(string operation) => Find("pages", operation);

    private static JsonNode? Find(string kind, string name) => Recorded[kind]?[name]?.DeepClone();

    private static JsonObject Read()
    {
        using var stream = typeof(RecordedExamples).Assembly.GetManifestResourceStream(Resource);
        return stream is null ? [] : JsonNode.Parse(stream)!.AsObject();
    }
}
