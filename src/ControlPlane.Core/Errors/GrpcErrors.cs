using System.Globalization;

namespace ControlPlane.Core.Errors;

/// <summary>The errors of calls whose request is not one whole gRPC message.</summary>
public static class GrpcErrors
{
    private const string Field = "message";

    /// <summary>The request ends before the header of a message.</summary>
    public static Error NoMessage(long bytes) => Invalid(string.Create(
        CultureInfo.InvariantCulture, $"must be one gRPC message, which begins with 5 bytes (a flag and the length); the request has {bytes} bytes"));

    /// <summary>The flag of the message is neither 0 nor 1.</summary>
    public static Error UnknownFlag(byte flag) => Invalid(string.Create(
        CultureInfo.InvariantCulture, $"must begin with the flag 0 (as it is) or 1 (compressed), not {flag}"));

    /// <summary>More bytes come than the message is long.</summary>
    public static Error BytesBehind(long length) => Invalid(string.Create(
        CultureInfo.InvariantCulture, $"must be the only one of the call, and end after the {length} bytes of its length; more bytes follow"));

    /// <summary>Fewer bytes come than the message is long.</summary>
    public static Error CutShort(long length, long bytes) => Invalid(string.Create(
        CultureInfo.InvariantCulture, $"must have the {length} bytes of its length; the request ends after {bytes}"));

    /// <summary>The message is compressed, and the call does not say how.</summary>
    public static Error NoEncoding() => Invalid("is compressed by its flag; the header grpc-encoding must say how: gzip or deflate");

    /// <summary>The message does not decompress to a whole.</summary>
    public static Error NotDecompressed(string encoding, string why) => Invalid($"must be whole {encoding} data: {why}");

    /// <summary>The daemon does not know the compression.</summary>
    public static Error UnknownEncoding(string encoding) => new(
        ErrorCode.UnsupportedMediaType, $"The message is compressed as '{Shorten(encoding)}'; the daemon reads gzip, deflate and identity.")
    {
        Remedy = new Remedy("Send the message as it is, or compress it with gzip."),
    };

    /// <summary>A call of a service of the framework failed in the framework: its request cannot be read.</summary>
    public static Error NotRead(string why) => Invalid($"cannot be read: {why}");

    private static Error Invalid(string message) => RequestErrors.Invalid([new FieldViolation(Field, message)]) with
    {
        Remedy = new Remedy("Have a gRPC library make the call; or send one message as gRPC's protocol over HTTP/2 has it."),
    };

    private static string Shorten(string text) => text.Length <= 40 ? text : $"{text[..40]}…";
}
