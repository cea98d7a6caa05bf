using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Watching;
using ControlPlane.Daemon.Api.Rest.Errors;
using ControlPlane.Daemon.Api.Rest.Json;
using ControlPlane.Daemon.Observability;

namespace ControlPlane.Daemon.Api.Rest;

/// <summary>Writes events as Server-Sent Events (HTML Living Standard, 9.2).</summary>
internal static class EventStream
{
    private const int FlushBytes = 16 * 1024;
    private const string Ended = "ended";

    // Many watchers get the same event; its bytes are as old as the event.
    private static readonly ConditionalWeakTable<WatchEvent, byte[]> Encoded = [];

    private static readonly Dictionary<Type, string> Types = typeof(WatchEvent).GetCustomAttributes<JsonDerivedTypeAttribute>()
        .ToDictionary(d => d.DerivedType, d => (string)d.TypeDiscriminator!);

    /// <summary>Writes them until they end, and then why; returns quietly when the client has disconnected.</summary>
    public static async Task WriteAsync(HttpContext http, IAsyncEnumerable<WatchEvent> events)
    {
        var (response, gone) = (http.Response, http.RequestAborted);
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        try
        {
            await response.StartAsync(gone);
            await WriteAllAsync(response.BodyWriter, events, gone);
        }
        catch (ControlPlaneException e)
        {
            var problem = Problems.Of(e.Error, http.Request.Path.ToUriComponent(), RequestIdentity.Of(http).RequestId);
            Write(response.BodyWriter, null, Ended, new EndedEvent(Ended, problem), RestJson.Instance.EndedEvent);
            await response.BodyWriter.FlushAsync(gone);
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
            // Streams usually end so.
        }
    }

    private static async Task WriteAllAsync(PipeWriter body, IAsyncEnumerable<WatchEvent> events, CancellationToken gone)
    {
        await using var reader = events.GetAsyncEnumerator(gone);
        while (true)
        {
            // Available events are sent before waiting for more; while there is more, it goes out in larger pieces. A client that goes
            // ends a flush by itself, and then the stream.
            var next = reader.MoveNextAsync();
            if (!next.IsCompleted || body.UnflushedBytes >= FlushBytes)
                await body.FlushAsync(CancellationToken.None);
            if (!await next)
                return;
            body.Write(Encoded.GetValue(reader.Current, Encode));
        }
    }

    private static byte[] Encode(WatchEvent happened)
    {
        var bytes = new ArrayBufferWriter<byte>(2048);
        Write(bytes, happened.Revision, Types[happened.GetType()], happened, RestJson.Instance.WatchEvent);
        return bytes.WrittenSpan.ToArray();
    }

    // JSON that is not indented has no line breaks, so the data is one line.
    private static void Write<T>(IBufferWriter<byte> body, long? id, string type, T data, JsonTypeInfo<T> json)
    {
        if (id is { } revision)
        {
            body.Write("id: "u8);
            Utf8Formatter.TryFormat(revision, body.GetSpan(20), out var digits);
            body.Advance(digits);
            body.Write("\n"u8);
        }

        body.Write("event: "u8);
        Encoding.UTF8.GetBytes(type, body);
        body.Write("\ndata: "u8);
        using (var writer = new Utf8JsonWriter(body, new JsonWriterOptions { Encoder = json.Options.Encoder }))
            JsonSerializer.Serialize(writer, data, json);
        body.Write("\n\n"u8);
    }
}
