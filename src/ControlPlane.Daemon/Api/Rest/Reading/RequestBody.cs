using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Daemon.Api.Rest.Json;
using ControlPlane.Daemon.Hosting;
using Microsoft.Net.Http.Headers;

namespace ControlPlane.Daemon.Api.Rest.Reading;

/// <summary>
/// Reads a request's body as one JSON object, strictly: what a lenient reader would skip or guess is a validation error, and all
/// of them are collected. Because only <c>application/json</c> is read, no web page can send a write without a preflight.
/// </summary>
internal static class RequestBody
{
    /// <summary>The field of validation errors of the body as a whole.</summary>
    public const string Field = "body";

    private const int MaxDepth = 16;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Reads the body as a value of this type. Invalid members are left out.</summary>
    /// <param name="request">The request.</param>
    /// <param name="violations">Collects the validation errors.</param>
    /// <param name="type">The type of the body.</param>
    /// <param name="maxBytes">Most bytes of the body.</param>
    /// <exception cref="ControlPlaneException">The body has another media type or encoding, or is too large; it is not read.</exception>
    public static async ValueTask<T> ReadAsync<T>(HttpRequest request, Violations violations, JsonTypeInfo<T> type, int maxBytes)
    {
        RequireNoEncoding(request);
        var reading = new JsonReading(violations);
        if (await ReadBytesAsync(request, violations, maxBytes, request.HttpContext.RequestAborted) is not { } bytes)
            return Read(reading, null, type);
        RequireJson(request);
        using var document = Parse(bytes, violations);
        return Read(reading, document?.RootElement, type);
    }

    // Documents with very many items are read item by item.
    private static T Read<T>(JsonReading reading, JsonElement? body, JsonTypeInfo<T> type)
    {
        if (typeof(T) == typeof(DesiredEntries))
        {
            var lists = reading.BeginLists(body);
            return (T)(object)lists.End(new DesiredEntries(lists.Read("entries", RestJson.Instance.DesiredEntry)!));
        }

        if (typeof(T) == typeof(StateDocument))
        {
            var (lists, json) = (reading.BeginLists(body), RestJson.Instance);
            return (T)(object)lists.End(new StateDocument(
                lists.Read("devmaps", json.DesiredDevmap)!, lists.Read("programs", json.DesiredProgram)!, lists.Read("leases", json.DesiredLease)!,
                lists.Read("attachments", json.DesiredAttachment)!, lists.Read("entries", json.StateEntry)!));
        }

        return reading.Read(body, type);
    }

    private static async ValueTask<byte[]?> ReadBytesAsync(HttpRequest request, Violations violations, int maxBytes, CancellationToken cancellationToken)
    {
        BodyWall.MoveBehind(request.HttpContext, maxBytes);
        if (request.ContentLength > maxBytes)
            throw new ControlPlaneException(RequestErrors.TooLarge(maxBytes));
        while (true)
        {
            var result = await request.BodyReader.ReadAsync(cancellationToken);
            if (result.Buffer.Length > maxBytes)
            {
                request.BodyReader.AdvanceTo(result.Buffer.End);
                throw new ControlPlaneException(RequestErrors.TooLarge(maxBytes));
            }

            if (!result.IsCompleted)
            {
                request.BodyReader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                continue;
            }

            var bytes = result.Buffer.ToArray();
            request.BodyReader.AdvanceTo(result.Buffer.End);
            if (bytes.Length > 0)
                return bytes;
            violations.AddBounded(Field, RequestErrors.BodyMissing);
            return null;
        }
    }

    private static void RequireNoEncoding(HttpRequest request)
    {
        var encoding = request.Headers.ContentEncoding.ToString();
        if (encoding.Length == 0 || encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
            return;
        request.HttpContext.Response.Headers.AcceptEncoding = "identity";
        throw new ControlPlaneException(RequestErrors.Encoded(encoding));
    }

    private static void RequireJson(HttpRequest request)
    {
        var given = request.ContentType;
        if (MediaTypeHeaderValue.TryParse(given, out var type)
            && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            && (!type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase)))
            return;
        throw new ControlPlaneException(RequestErrors.NotJson(given));
    }

    private static JsonDocument? Parse(byte[] bytes, Violations violations)
    {
        if (WrongText(bytes) is { } wrong)
        {
            violations.AddBounded(Field, wrong);
            return null;
        }

        try
        {
            var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = MaxDepth });
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return document;
            document.Dispose();
            violations.AddBounded(Field, "must be a JSON object");
        }
        catch (JsonException e)
        {
            violations.AddBounded(Field, $"is not JSON: {Reason(e)} at line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}");
        }

        return null;
    }

    /// <summary>Why the bytes are no text that could be JSON; null if they are. The parser would name only the byte.</summary>
    private static string? WrongText(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith(ByteOrderMark))
            return "begins with a byte order mark (EF BB BF), which JSON does not have";
        if (bytes.IndexOf((byte)0) is >= 0 and var nul)
            return $"has a NUL at byte {nul} (counted from 0); JSON is UTF-8 text without any";
        return Utf8.IsValid(bytes) ? null : $"is not UTF-8: byte {FirstInvalid(bytes)} (counted from 0) begins no character";
    }

    /// <summary>The parser's first sentence; after it come advice for programmers and the position in its own words.</summary>
    private static string Reason(JsonException e) => e.Message.Split(". ", 2)[0].TrimEnd('.');

    private static int FirstInvalid(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        while (Rune.DecodeFromUtf8(bytes[at..], out _, out var length) == OperationStatus.Done)
            at += length;
        return at;
    }
}
