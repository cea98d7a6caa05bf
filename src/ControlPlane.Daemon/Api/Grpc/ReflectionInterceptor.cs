using ControlPlane.Core.Errors;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace ControlPlane.Daemon.Api.Grpc;

/// <summary>
/// Stands around the calls of reflection, whose messages the framework reads while the call runs. A message that cannot be read gets an error of
/// the catalogue there, too.
/// </summary>
internal sealed class ReflectionInterceptor(ILogger<ReflectionInterceptor> log) : Interceptor
{
    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(requestStream, responseStream, context);
        }
        catch (Exception e)
        {
            throw Render(e, context);
        }
    }

    private RpcException Render(Exception exception, ServerCallContext context)
    {
        var error = exception switch
        {
            // The framework's own words for a flag, a length or a compression that are wrong.
            RpcException { StatusCode: StatusCode.Internal or StatusCode.Unknown } e => GrpcErrors.NotRead(e.Status.Detail),
            RpcException { StatusCode: StatusCode.ResourceExhausted } => RequestErrors.TooLarge(RequestLimits.MaxMessageBytes),
            RpcException e => throw new RpcException(e.Status, e.Trailers),
            InvalidDataException or Google.Protobuf.InvalidProtocolBufferException or InvalidOperationException or IOException
                when !context.CancellationToken.IsCancellationRequested => GrpcErrors.NotRead(exception.Message),
            _ when context.CancellationToken.IsCancellationRequested => throw new RpcException(new Status(StatusCode.Cancelled, "The caller cancelled the call.")),
            _ => RequestErrors.Internal(),
        };
        if (error.Code == ErrorCode.InternalError)
            log.CallFailed(context.Method, exception);
        else
            log.Refused(context.Method, error.Code, error.Detail);
        return ErrorStatus.Of(error);
    }
}
