using ControlPlane.Core.Errors;
using Grpc.Core;

namespace ControlPlane.Daemon.Api.Grpc;

/// <summary>How large a request may be, and how one that is larger is answered.</summary>
internal static class RequestLimits
{
    /// <summary>Largest request message in bytes, decompressed: 64 KiB.</summary>
    public const int MaxMessageBytes = 64 * 1024;

    private const string StatusHeader = "grpc-status";
    private const string MessageHeader = "grpc-message";
    private const string DetailsHeader = "grpc-status-details-bin";
    private static readonly string ResourceExhausted = $"{(int)StatusCode.ResourceExhausted}";

    /// <summary>
    /// Adds the details of the catalogue. The framework refuses a message that is too large before it reads the message, as
    /// RESOURCE_EXHAUSTED without details. Every status of ours has details: a status without them is the framework's.
    /// </summary>
    public static void AddDetails(EndpointBuilder endpoint)
    {
        var inner = endpoint.RequestDelegate!;
        endpoint.RequestDelegate = async context =>
        {
            await inner(context);

            // The call ended without a message: its status stands in the headers, which are not sent yet.
            var headers = context.Response.Headers;
            if (context.Response.HasStarted || headers[StatusHeader] != ResourceExhausted || headers.ContainsKey(DetailsHeader))
                return;
            var error = ErrorStatus.Of(RequestErrors.TooLarge(MaxMessageBytes));
            headers[StatusHeader] = $"{(int)error.StatusCode}";
            headers[MessageHeader] = error.Status.Detail;
            foreach (var trailer in error.Trailers)
                headers[trailer.Key] = Convert.ToBase64String(trailer.ValueBytes);
        };
    }
}
