using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using ControlPlane.Core.Errors;
using Microsoft.Net.Http.Headers;

namespace ControlPlane.Daemon.Rest.Reading;

/// <summary>
/// Reads a request's body as one JSON object, strictly: what a lenient reader would skip or guess is a fault, and all faults
/// are collected. Demanding <c>application/json</c> also means that no web page can send a write without a preflight.
/// </summary>
internal static class RequestBody
{
    /// <summary>Longest body in bytes.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>The field that faults of the body as a whole are told under.</summary>
    public const string Field = "body";

    private const int MaxDepth = 16;

    /// <summary>Reads the body by <paramref name="read"/>, which sees no fields when the body is no object.</summary>
    public static async ValueTask<T> ReadAsync<T>(HttpRequest request, Violations faults, Func<JsonFields, T> read, CancellationToken cancellationToken)
    {
        if (await ReadBytesAsync(request, faults, cancellationToken) is not { } bytes)
            return read(JsonFields.None);
        CheckContentType(request, faults);
        using var document = Parse(bytes, faults);
        if (document is null)
            return read(JsonFields.None);
        var fields = new JsonFields(document.RootElement, "", faults);
        var result = read(fields);
        fields.RefuseRest();
        return result;
    }

    private static async ValueTask<byte[]?> ReadBytesAsync(HttpRequest request, Violations faults, CancellationToken cancellationToken)
    {
        if (request.ContentLength > MaxBytes)
            return Refuse(faults, $"has {request.ContentLength} bytes; it may have {MaxBytes}");
        while (true)
        {
            var result = await request.BodyReader.ReadAsync(cancellationToken);
            if (result.Buffer.Length > MaxBytes)
            {
                request.BodyReader.AdvanceTo(result.Buffer.End);
                return Refuse(faults, $"has more than {MaxBytes} bytes");
            }

            if (!result.IsCompleted)
            {
                request.BodyReader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                continue;
            }

            var bytes = result.Buffer.ToArray();
            request.BodyReader.AdvanceTo(result.Buffer.End);
            return bytes.Length > 0 ? bytes : Refuse(faults, "is missing; it must be a JSON object");
        }
    }

    private static void CheckContentType(HttpRequest request, Violations faults)
    {
        var given = request.ContentType;
        if (MediaTypeHeaderValue.TryParse(given, out var type)
            && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            && (!type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase)))
            return;
        faults.AddBounded(HeaderNames.ContentType, string.IsNullOrEmpty(given) ? "is missing; it must be application/json" : $"must be application/json, in UTF-8, not '{given}'");
    }

    private static JsonDocument? Parse(byte[] bytes, Violations faults)
    {
        if (!Utf8.IsValid(bytes))
        {
            faults.AddBounded(Field, $"is not UTF-8: byte {FirstInvalid(bytes)} (counted from 0) begins no character");
            return null;
        }

        try
        {
            var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = MaxDepth });
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return document;
            document.Dispose();
            faults.AddBounded(Field, "must be a JSON object");
        }
        catch (JsonException e)
        {
            faults.AddBounded(Field, $"is not JSON: {Reason(e)} at line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}");
        }

        return null;
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

    private static byte[]? Refuse(Violations faults, string message)
    {
        faults.AddBounded(Field, message);
        return null;
    }
}
