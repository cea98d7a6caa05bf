using Grpc.Core;

namespace ControlPlane.FuzzTests;

/// <summary>The answers that a caller may get, beside what holds for every answer.</summary>
internal interface IAnswerRules
{
    /// <summary>Returns what is wrong with an answer; null for nothing.</summary>
    /// <param name="request">The request.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="code">The code of its problem; null if it has none, or none that can be read.</param>
    string? ObjectionTo(RestInput request, HttpAnswer answer, string? code);

    /// <summary>Returns what is wrong with a status; null for nothing.</summary>
    string? ObjectionTo(GrpcInput call, StatusCode status);
}

/// <summary>An administrator gets any answer of the catalogue.</summary>
internal sealed class AnswersToAdministrator : IAnswerRules
{
    /// <inheritdoc/>
    public string? ObjectionTo(RestInput request, HttpAnswer answer, string? code) => null;

    /// <inheritdoc/>
    public string? ObjectionTo(GrpcInput call, StatusCode status) => null;
}

/// <summary>A caller without identity gets a refusal, and sees no more than health, the pages of the documents, and that there is nothing.</summary>
internal sealed class AnswersToNobody : IAnswerRules
{
    private static readonly string[] OpenPages = ["/healthz", "/readyz", "/errors", "/swagger", "/openapi"];

    /// <inheritdoc/>
    public string? ObjectionTo(RestInput request, HttpAnswer answer, string? code)
    {
        var target = request.Target.TrimStart('/');
        if (OpenPages.Any(page => target.StartsWith(page[1..], StringComparison.Ordinal)))
            return null;
        // An answer to HEAD, and a compressed one, has no code to read.
        var isRight = answer.Status switch
        {
            // A path of two names with the content type of gRPC is a call of no such method.
            200 => answer.Header("grpc-status") == "12",
            // Which methods there are.
            204 => request.Method == "OPTIONS",
            401 => code is null or "unauthenticated",
            403 => code is null or "permission_denied",
            404 => code is null or "path_not_found",
            405 => code is null or "method_not_allowed",
            415 => code is null or "unsupported_media_type",
            // Before there is a request, the server refuses what is not HTTP.
            >= 400 and < 500 => code is null && answer.IsLast,
            _ => false,
        };
        return isRight ? null : $"without identity: {request.Method} {answer.Status} {code}";
    }

    /// <inheritdoc/>
    public string? ObjectionTo(GrpcInput call, StatusCode status) =>
        status is StatusCode.Unauthenticated or StatusCode.Unimplemented or StatusCode.DeadlineExceeded or StatusCode.Cancelled
        || call.Method.StartsWith("grpc.health", StringComparison.Ordinal)
        || (!call.Exists && status is StatusCode.InvalidArgument or StatusCode.ResourceExhausted)
            ? null
            : $"without identity: {call.Method} {status}";
}
