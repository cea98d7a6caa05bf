using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using Grpc.Core;

namespace ControlPlane.Daemon.Api.Grpc;

/// <summary>How large a request may be, and how one that is larger is answered.</summary>
internal static class RequestLimits
{
    /// <summary>Largest request message in bytes, decompressed, of calls that are no operation: 64 KiB.</summary>
    public const int MaxMessageBytes = 64 * 1024;

    /// <summary>Returns the most bytes of a request message of an endpoint, decompressed.</summary>
    public static int Of(Endpoint? endpoint) => endpoint?.Metadata.GetMetadata<Operation>()?.MaxMessageBytes ?? MaxMessageBytes;

    private static readonly string ResourceExhausted = $"{(int)StatusCode.ResourceExhausted}";
    private static readonly string Unknown = $"{(int)StatusCode.Unknown}";

    /// <summary>
    /// Adds the details of the catalogue. The framework refuses a message that is too large before it reads the message, as
    /// RESOURCE_EXHAUSTED without details; its own services answer UNKNOWN to a message that they cannot read. Every status of ours has details:
    /// a status without them is the framework's.
    /// </summary>
    public static void AddDetails(EndpointBuilder endpoint)
    {
        var inner = endpoint.RequestDelegate!;
        endpoint.RequestDelegate = async context =>
        {
            await inner(context);

            // The call ended without a message: its status stands in the headers, which are not sent yet.
            var headers = context.Response.Headers;
            if (context.Response.HasStarted || headers.ContainsKey(CallStatus.DetailsHeader))
                return;
            if (headers[CallStatus.StatusHeader] == ResourceExhausted)
                CallStatus.Write(headers, ErrorStatus.Of(RequestErrors.TooLarge(Of(context.GetEndpoint()))));
            else if (headers[CallStatus.StatusHeader] == Unknown)
                CallStatus.Write(headers, ErrorStatus.Of(GrpcErrors.NotRead("it is not a message of this call")));
        };
    }
}
