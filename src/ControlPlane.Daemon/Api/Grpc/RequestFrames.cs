using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using ControlPlane.Core.Errors;
using ControlPlane.Daemon.Security;
using ControlPlane.Daemon.Hosting;
using Grpc.AspNetCore.Server;
using Grpc.Core;

namespace ControlPlane.Daemon.Api.Grpc;

/// <summary>
/// Reads the messages of a call before the framework does: flag, length and compression. The framework answers some of what is
/// wrong there with UNKNOWN, believes a compressed message that was cut short, and logs a stack trace for each.
/// </summary>
internal static class RequestFrames
{
    /// <summary>The bytes before each message: a flag, and the length.</summary>
    internal const int HeaderBytes = 5;

    /// <summary>The header that says how messages are compressed.</summary>
    internal const string EncodingHeader = "grpc-encoding";
    private const string Identity = "identity", Gzip = "gzip", Deflate = "deflate";

    /// <summary>
    /// Reads the request of each call of this endpoint, and answers a call whose request is not one whole message; the messages of a stream
    /// are read one by one, as the call goes on. The endpoint of methods that do not exist is for everybody, and reads nothing.
    /// </summary>
    public static void Check(EndpointBuilder endpoint)
    {
        if (AccessEvaluator.IsNowhere((endpoint as RouteEndpointBuilder)?.RoutePattern))
            return;
        var inner = endpoint.RequestDelegate!;
        if (endpoint.Metadata.OfType<GrpcMethodMetadata>().Any(m => m.Method.Type is MethodType.ClientStreaming or MethodType.DuplexStreaming))
        {
            endpoint.RequestDelegate = http =>
            {
                if (IsGrpc(http.Request))
                    http.Request.Body = new MessageStream(http, RequestLimits.Of(http.GetEndpoint()));
                return inner(http);
            };
            return;
        }

        endpoint.RequestDelegate = async http =>
        {
            if (IsGrpc(http.Request) && await ReadAsync(http) is { } error)
            {
                http.RequestServices.GetRequiredService<ILogger<RequestInterceptor>>().Refused(http.Request.Path, error.Code, error.Detail);
                CallStatus.Answer(http, error);
                return;
            }

            await inner(http);
        };
    }

    // The framework refuses everything else by itself.
    private static bool IsGrpc(HttpRequest request) =>
        HttpProtocol.IsHttp2(request.Protocol) && request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>Reads the whole request; leaves one message without compression for the framework.</summary>
    private static async ValueTask<Error?> ReadAsync(HttpContext http)
    {
        var (body, limit) = (http.Request.BodyReader, RequestLimits.Of(http.GetEndpoint()));
        BodyWall.MoveBehind(http, limit);
        while (true)
        {
            var read = await body.ReadAsync(http.RequestAborted);
            var error = Judge(read.Buffer, limit, read.IsCompleted, out var isCompressed);
            if (error is null && !read.IsCompleted)
            {
                body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            byte[]? message = null;
            if (error is null && isCompressed)
                error = Decompress(read.Buffer.Slice(HeaderBytes).ToArray(), http.Request.Headers[EncodingHeader].ToString(), limit, out message);
            if (error?.Code == ErrorCode.UnsupportedMediaType)
                http.Response.Headers["grpc-accept-encoding"] = $"{Identity},{Gzip},{Deflate}";
            // An uncompressed message stays unread: the framework reads it again.
            body.AdvanceTo(error is null && message is null ? read.Buffer.Start : read.Buffer.End);
            if (message is not null)
                Replace(http.Request, message);
            return error;
        }
    }

    /// <summary>Returns what is wrong with the part of the request that has arrived; null if nothing is.</summary>
    internal static Error? Judge(ReadOnlySequence<byte> arrived, int limit, bool isWhole, out bool isCompressed)
    {
        isCompressed = false;
        if (arrived.Length < HeaderBytes)
            return isWhole ? GrpcErrors.NoMessage(arrived.Length) : null;
        Span<byte> header = stackalloc byte[HeaderBytes];
        arrived.Slice(0, HeaderBytes).CopyTo(header);
        isCompressed = header[0] == 1;
        var (length, rest) = (BinaryPrimitives.ReadUInt32BigEndian(header[1..]), arrived.Length - HeaderBytes);
        return header[0] > 1 ? GrpcErrors.UnknownFlag(header[0])
            : length > limit ? RequestErrors.TooLarge(limit)
            : rest > length ? GrpcErrors.BytesBehind(length)
            : isWhole && rest < length ? GrpcErrors.CutShort(length, rest)
            : null;
    }

    /// <summary>Returns the message, or what is wrong with it.</summary>
    internal static Error? Decompress(byte[] compressed, string encoding, int limit, out byte[]? message)
    {
        message = null;
        if (encoding is "" or Identity)
            return GrpcErrors.NoEncoding();
        if (encoding is not (Gzip or Deflate))
            return GrpcErrors.UnknownEncoding(encoding);
        try
        {
            message = encoding == Gzip ? GzipMessage.Read(compressed, limit) : ReadDeflate(compressed, limit);
            return message is null ? RequestErrors.TooLarge(limit) : null;
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            // An IOException is zlib's: the data needs a dictionary, which the call cannot carry.
            return GrpcErrors.NotDecompressed(encoding, e.Message);
        }
    }

    // ZLibStream checks the checksum at the end only if the end is there: a message that was cut short ends early.
    private static byte[]? ReadDeflate(byte[] compressed, int limit)
    {
        using var stream = new ZLibStream(new MemoryStream(compressed), CompressionMode.Decompress);
        var message = GzipMessage.ReadAll(stream, limit);
        if (message is not null && (compressed.Length < 6 || Checksums.Adler32(message) != BinaryPrimitives.ReadUInt32BigEndian(compressed.AsSpan(^4))))
            throw new InvalidDataException("its checksum is wrong");
        return message;
    }

    private static void Replace(HttpRequest request, byte[] message)
    {
        request.Headers.Remove(EncodingHeader);
        request.Body = new MemoryStream(Frame(message));
    }

    /// <summary>Returns a message with its header, as it stands in a request.</summary>
    internal static byte[] Frame(byte[] message)
    {
        var frame = new byte[HeaderBytes + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, HeaderBytes);
        return frame;
    }
}
