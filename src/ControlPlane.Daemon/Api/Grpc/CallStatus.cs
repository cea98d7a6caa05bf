using ControlPlane.Core.Errors;
using Grpc.Core;

namespace ControlPlane.Daemon.Api.Grpc;

/// <summary>Answers a call without the framework: a status in the headers, and no message ("Trailers-Only" in gRPC's protocol).</summary>
internal static class CallStatus
{
    /// <summary>The header of the status.</summary>
    public const string StatusHeader = "grpc-status";

    /// <summary>The header of the details. Every status of the catalogue has it.</summary>
    public const string DetailsHeader = "grpc-status-details-bin";

    private const string MessageHeader = "grpc-message";

    /// <summary>Answers with an error of the catalogue.</summary>
    public static void Answer(HttpContext http, Error error)
    {
        http.Response.StatusCode = StatusCodes.Status200OK;
        http.Response.ContentType = "application/grpc";
        Write(http.Response.Headers, ErrorStatus.Of(error));
    }

    /// <summary>Writes a status into headers.</summary>
    public static void Write(IHeaderDictionary headers, RpcException error)
    {
        headers[StatusHeader] = $"{(int)error.StatusCode}";
        headers[MessageHeader] = Uri.EscapeDataString(error.Status.Detail);
        foreach (var trailer in error.Trailers)
            headers[trailer.Key] = Convert.ToBase64String(trailer.ValueBytes);
    }
}
