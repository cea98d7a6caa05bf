using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Fairness;
using ControlPlane.Core.Model;
using ControlPlane.Daemon.Security;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.AspNetCore.Http.Features;

namespace ControlPlane.Daemon.Api.Grpc;

/// <summary>
/// Stands around every call: makes its <see cref="RequestContext"/>, with what is wrong with the fields that all requests share, and
/// gives a call that fails its status.
/// </summary>
internal sealed class RequestInterceptor(PageGate gate, ILogger<RequestInterceptor> log, TimeProvider time) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            Begin(request, context);
            // The answer is written after this: a client that reads slowly holds no place.
            if (context.GetHttpContext().GetEndpoint()?.Metadata.GetMetadata<Operation>() is not { ReadsManyEntries: true })
                return await continuation(request, context);
            using var place = await gate.EnterAsync(context.Request().Caller.Account, context.CancellationToken);
            return await continuation(request, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Render(e, context, SharedFields<TRequest>.Request);
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
            Begin(request, context);
            await continuation(request, responseStream, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Render(e, context, SharedFields<TRequest>.Request);
        }
    }

    /// <summary>The messages of a stream have contexts of their own: see <see cref="Of"/>.</summary>
    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            Begin(context, default, new Violations());
            await continuation(requestStream, responseStream, context);
        }
        catch (IOException e)
        {
            // The client closed the connection in the middle of a message.
            throw new RpcException(Ended(context, e));
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Render(e, context, SharedFields<TRequest>.Request);
        }
    }

    /// <summary>Returns the context of one message of a stream, with what is wrong with the fields that all requests share.</summary>
    public static RequestContext Of<TRequest>(TRequest message, ServerCallContext context)
        where TRequest : class
    {
        var violations = new Violations();
        return context.Request() with { Precondition = SharedFields<TRequest>.Read((IMessage)message, violations), Violations = violations };
    }

    private static void Begin<TRequest>(TRequest request, ServerCallContext context)
        where TRequest : class
    {
        var violations = new Violations();
        Begin(context, SharedFields<TRequest>.Read((IMessage)request, violations), violations);
    }

    private static void Begin(ServerCallContext context, Precondition precondition, Violations violations)
    {
        var http = context.GetHttpContext();
        http.Features.Set(new RequestContext(http.Caller(), http.TraceIdentifier, precondition, violations, context.CancellationToken));
    }

    private RpcException Render(Exception exception, ServerCallContext context, MessageDescriptor request)
    {
        switch (exception)
        {
            case ControlPlaneException e:
                if (e.Error.Code == ErrorCode.KernelFailure)
                    log.KernelFailed(context.Method, e);
                else
                    log.Refused(context.Method, e.Error.Code, e.Error.Detail);
                return ErrorStatus.Of(e.Error, request, e);
            case KernelException e:
                log.KernelFailed(context.Method, e);
                return ErrorStatus.Of(RequestErrors.KernelRefused(e), request, e);
            case OperationCanceledException when context.CancellationToken.IsCancellationRequested:
                return new RpcException(Ended(context, exception));
            default:
                log.CallFailed(context.Method, exception);
                return ErrorStatus.Of(RequestErrors.Internal(), request, exception);
        }
    }

    /// <summary>The caller has disconnected, or the deadline has passed. A write that was under way has finished all the same.</summary>
    private Status Ended(ServerCallContext context, Exception e) => context.Deadline <= time.GetUtcNow().UtcDateTime
        ? new Status(StatusCode.DeadlineExceeded, "The deadline passed while the call waited.", e)
        : new Status(StatusCode.Cancelled, "The caller cancelled the call while it waited.", e);

    /// <summary>The fields that requests share. REST has them in the path and in headers, where an address cannot be missing.</summary>
    private static class SharedFields<TRequest>
    {
        private static readonly string[] Addresses = ["devmap", "key", "interface", "program", "lease", "token", "name"];

        public static MessageDescriptor Request { get; } = ((IMessage)Activator.CreateInstance<TRequest>()!).Descriptor;

        private static readonly FieldDescriptor[] Required =
        [
            .. Request.Fields.InFieldNumberOrder().Where(f => f.FieldType == FieldType.String && !f.IsRepeated && !f.HasPresence && Addresses.Contains(f.Name)),
        ];

        private static readonly FieldDescriptor? Spec = Request.FindFieldByName("spec");

        private static readonly FieldDescriptor? ExpectedRevision = Request.FindFieldByName("expected_revision");

        /// <summary>Returns the precondition. In a put, revision 0 stands for a resource that must not exist.</summary>
        public static Precondition Read(IMessage request, Violations violations)
        {
            foreach (var field in Required)
            {
                if (((string)field.Accessor.GetValue(request)).Length == 0)
                    violations.Add(field.JsonName, "must be given");
            }

            if (Spec is not null && Spec.Accessor.GetValue(request) is null)
                violations.Add(FieldPath.Body, "must be given");
            if (ExpectedRevision is null || !ExpectedRevision.Accessor.HasValue(request))
                return default;
            var revision = (long)ExpectedRevision.Accessor.GetValue(request);
            if (revision < 0)
                violations.Add(ExpectedRevision.JsonName, $"must be the revision of a read{(Spec is null ? "" : ", or 0 for a resource that must not exist")}");
            return revision == 0 && Spec is not null ? new Precondition(MustNotExist: true) : new Precondition(revision);
        }
    }
}

/// <summary>How the services get at the <see cref="RequestContext"/> of their call.</summary>
internal static class RequestContexts
{
    public static RequestContext Request(this ServerCallContext context) => context.GetHttpContext().Features.GetRequiredFeature<RequestContext>();

}
