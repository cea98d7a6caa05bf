using Devmapd.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace ControlPlane.Client;

/// <summary>
/// Sets the deadline of unary calls, to which the wait of a call is added, and the token of all. Turns failures of all calls into
/// <see cref="DevmapdException"/>, and makes unary calls again where <see cref="RetryRules"/> allow it.
/// </summary>
internal sealed class CallInterceptor(DevmapdClientOptions options) : Interceptor
{
    // The wait of a call that names none.
    private static readonly TimeSpan DefaultWait = TimeSpan.FromSeconds(30);

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
    {
        // All attempts share one deadline.
        var ready = WithToken(WithDeadline(request, context));
        var call = continuation(request, ready);
        return new AsyncUnaryCall<TResponse>(
            RepeatAsync(), call.ResponseHeadersAsync, () => call.GetStatus(), () => call.GetTrailers(), () => call.Dispose());

        async Task<TResponse> RepeatAsync()
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    return await TranslateAsync(call.ResponseAsync, ready.Options.CancellationToken);
                }
                catch (DevmapdException failure) when (attempt < options.MaxAttempts && RetryRules.MayRepeat(failure, request))
                {
                    var delay = RetryRules.Delay(failure, attempt, options);
                    if (ready.Options.Deadline is { } end && DateTime.UtcNow + delay >= end)
                        throw;
                    await Task.Delay(delay, ready.Options.CancellationToken);
                }

                call.Dispose();
                call = continuation(request, ready);
            }
        }
    }

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, BlockingUnaryCallContinuation<TRequest, TResponse> continuation)
    {
        try
        {
            return continuation(request, WithToken(WithDeadline(request, context)));
        }
        catch (RpcException failure)
        {
            throw Translate(failure, context.Options.CancellationToken);
        }
    }

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        TRequest request,
        ClientInterceptorContext<TRequest, TResponse> context,
        AsyncServerStreamingCallContinuation<TRequest, TResponse> continuation)
    {
        var call = continuation(request, WithToken(context));
        return new AsyncServerStreamingCall<TResponse>(
            new Reader<TResponse>(call.ResponseStream, context.Options.CancellationToken),
            call.ResponseHeadersAsync,
            call.GetStatus,
            call.GetTrailers,
            call.Dispose);
    }

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        ClientInterceptorContext<TRequest, TResponse> context, AsyncDuplexStreamingCallContinuation<TRequest, TResponse> continuation)
    {
        var call = continuation(WithToken(context));
        return new AsyncDuplexStreamingCall<TRequest, TResponse>(
            call.RequestStream,
            new Reader<TResponse>(call.ResponseStream, context.Options.CancellationToken),
            call.ResponseHeadersAsync,
            call.GetStatus,
            call.GetTrailers,
            call.Dispose);
    }

    private ClientInterceptorContext<TRequest, TResponse> WithDeadline<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context)
        where TRequest : class
        where TResponse : class =>
        options.Deadline is { } time && context.Options.Deadline is null
            ? new ClientInterceptorContext<TRequest, TResponse>(context.Method, context.Host, context.Options.WithDeadline(DateTime.UtcNow + time + WaitOf(request)))
            : context;

    // A call that waits in the daemon is answered later.
    private static TimeSpan WaitOf(object request) => request switch
    {
        WaitEntriesRequest call => Longest(call.Timeout),
        PutEntryRequest { Wait: not WaitState.Unspecified } call => Longest(call.Timeout),
        ApplyEntriesRequest { Wait: not WaitState.Unspecified } call => Longest(call.Timeout),
        ReplaceEntriesRequest { Wait: not WaitState.Unspecified } call => Longest(call.Timeout),
        _ => TimeSpan.Zero,
    };

    private static TimeSpan Longest(Duration? timeout) => timeout is null ? DefaultWait : TimeSpan.FromSeconds(Math.Clamp(timeout.Seconds, 0, 300) + 1);

    private ClientInterceptorContext<TRequest, TResponse> WithToken<TRequest, TResponse>(ClientInterceptorContext<TRequest, TResponse> context)
        where TRequest : class
        where TResponse : class
    {
        if (options.Token is not { } token)
            return context;
        var headers = new Metadata();
        foreach (var entry in context.Options.Headers ?? [])
            headers.Add(entry);
        headers.Add("authorization", $"Bearer {token}");
        return new ClientInterceptorContext<TRequest, TResponse>(context.Method, context.Host, context.Options.WithHeaders(headers));
    }

    private static async Task<T> TranslateAsync<T>(Task<T> response, CancellationToken cancellation)
    {
        try
        {
            return await response;
        }
        catch (RpcException failure)
        {
            throw Translate(failure, cancellation);
        }
    }

    private static Exception Translate(RpcException failure, CancellationToken cancellation) =>
        failure.StatusCode == StatusCode.Cancelled && cancellation.IsCancellationRequested
            ? new OperationCanceledException(failure.Status.Detail, failure, cancellation)
            : new DevmapdException(failure);

    private sealed class Reader<T>(IAsyncStreamReader<T> inner, CancellationToken ofCall) : IAsyncStreamReader<T>
    {
        public T Current => inner.Current;

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            try
            {
                return await inner.MoveNext(cancellationToken);
            }
            catch (RpcException failure)
            {
                throw Translate(failure, cancellationToken.IsCancellationRequested ? cancellationToken : ofCall);
            }
        }
    }
}
