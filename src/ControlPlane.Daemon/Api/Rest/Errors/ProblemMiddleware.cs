using ControlPlane.Core.Errors;
using ControlPlane.Daemon.Api.Rest.Reading;
using ControlPlane.Daemon.Security;

namespace ControlPlane.Daemon.Api.Rest.Errors;

/// <summary>
/// The one place where failures of HTTP requests become answers: exceptions, and statuses that came without a body (no such
/// path, wrong method). A gRPC call renders its own in trailers: its answer has a content type, and no exception leaves it.
/// </summary>
internal sealed class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> logger)
{
    private static readonly TimeSpan CancellationDelay = TimeSpan.FromSeconds(1);

    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            await next(http);
        }
        catch (Exception) when (http.Response.HasStarted)
        {
            // Too late for another answer: the server breaks the connection, so that the client knows.
            throw;
        }
        catch (Exception e)
        {
            if (await IsClientGoneAsync(http, e))
                TakeLeave(http);
            else
                await AnswerAsync(http, e);
            return;
        }

        await (http.TakeRefusal() is { } refusal ? RefuseAsync(http, refusal) : CompleteAsync(http));
    }

    /// <summary>
    /// Whether an exception only says that the client has reset the stream of the request or closed its connection. The reader of the request can
    /// learn it just before the server cancels the request.
    /// </summary>
    private static async ValueTask<bool> IsClientGoneAsync(HttpContext http, Exception exception)
    {
        if (exception is IOException and not BadHttpRequestException)
            await Task.Delay(CancellationDelay, http.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return exception is OperationCanceledException or IOException && http.RequestAborted.IsCancellationRequested;
    }

    private void TakeLeave(HttpContext http)
    {
        logger.ClientGone(http.Request.Method, http.Request.Path);
        http.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
    }

    private Task AnswerAsync(HttpContext http, Exception exception)
    {
        var (method, path) = (http.Request.Method, http.Request.Path);
        switch (exception)
        {
            case ControlPlaneException { Error: { Code: ErrorCode.KernelFailure } error }:
                logger.KernelFailed(exception, method, path, error.Detail);
                return Problems.AnswerAsync(http, error);
            case ControlPlaneException { Error: var error }:
                return RefuseAsync(http, error);
            case KernelException kernel:
                logger.KernelFailed(exception, method, path, kernel.Message);
                return Problems.AnswerAsync(http, RequestErrors.KernelRefused(kernel));
            case BadHttpRequestException bad:
                var body = new FieldViolation(RequestBody.Field, bad.Message);
                logger.Refused(method, path, ErrorCode.InvalidArgument.Text(), bad.Message);
                return Problems.AnswerAsync(http, RequestErrors.Invalid([body]));
            default:
                logger.Broken(exception, method, path);
                return Problems.AnswerAsync(http, RequestErrors.Internal());
        }
    }

    private Task RefuseAsync(HttpContext http, Error error)
    {
        logger.Refused(http.Request.Method, http.Request.Path, error.Code.Text(), error.Detail);
        return Problems.AnswerAsync(http, error);
    }

    private static Task CompleteAsync(HttpContext http)
    {
        var response = http.Response;
        if (response.HasStarted || response.StatusCode < 400 || response.ContentType is not null || response.ContentLength > 0)
            return Task.CompletedTask;
        if (response.StatusCode is StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed && AllowedMethods.Of(http) is { Count: > 0 } methods)
        {
            response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            response.Headers.Allow = string.Join(", ", methods);
        }

        if (response.StatusCode == StatusCodes.Status405MethodNotAllowed && HttpMethods.IsOptions(http.Request.Method))
        {
            response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        }

        return Problems.AnswerAsync(http, ErrorOf(http));
    }

    /// <summary>The error behind a status that came without a body: routing gives these, before any operation is reached.</summary>
    private static Error ErrorOf(HttpContext http) => http.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => RequestErrors.PathNotFound(http.Request.Path),
        StatusCodes.Status405MethodNotAllowed => RequestErrors.MethodNotAllowed(http.Request.Method, http.Response.Headers.Allow.ToString()),
        StatusCodes.Status415UnsupportedMediaType => RequestErrors.BodyNotTaken(http.Request.ContentType),
        var status => RequestErrors.Unreached(status),
    };
}
