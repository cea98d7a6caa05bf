using ControlPlane.Core.Errors;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace ControlPlane.Daemon.Grpc;

/// <summary>The one place where a failed call gets its status.</summary>
internal sealed class ErrorInterceptor(ILogger<ErrorInterceptor> log, TimeProvider time) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Render(e, context);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Render(e, context);
        }
    }

    private RpcException Render(Exception exception, ServerCallContext context)
    {
        switch (exception)
        {
            case ControlPlaneException e:
                if (e.Error.Code == ErrorCode.KernelFailure)
                    log.KernelFailed(context.Method, e);
                else
                    log.Refused(context.Method, e.Error.Code, e.Error.Detail);
                return ErrorStatus.Of(e.Error, e);
            case KernelException e:
                log.KernelFailed(context.Method, e);
                return ErrorStatus.Of(new Error(ErrorCode.KernelFailure, e.Message) { Errno = e.Errno, VerifierLog = e.VerifierLog }, e);
            case OperationCanceledException when context.CancellationToken.IsCancellationRequested:
                return new RpcException(Ended(context, exception));
            default:
                log.CallFailed(context.Method, exception);
                return new RpcException(new Status(StatusCode.Internal, "The daemon failed; its log says why.", exception));
        }
    }

    /// <summary>The caller has gone, or its deadline has passed. A write that was under way has finished all the same.</summary>
    private Status Ended(ServerCallContext context, Exception e) => context.Deadline <= time.GetUtcNow().UtcDateTime
        ? new Status(StatusCode.DeadlineExceeded, "The deadline passed while the call waited.", e)
        : new Status(StatusCode.Cancelled, "The caller cancelled the call while it waited.", e);
}
