using ControlPlane.Core.Errors;
using ControlPlane.Daemon.Security;

namespace ControlPlane.Daemon.Api.Grpc;

/// <summary>
/// Answers calls that are refused before they reach their service, by the authorization for instance, with a status of gRPC and its
/// details in place of problem details.
/// </summary>
internal static class CallErrors
{
    /// <summary>Adds the answer to everything that follows in the pipeline.</summary>
    public static void UseCallErrors(this WebApplication app)
    {
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(CallErrors).FullName!);
        app.Use(next => async context =>
        {
            try
            {
                await next(context);
                if (IsCall(context.Request) && context.TakeRefusal() is { } refusal)
                    Answer(context, refusal);
            }
            catch (ControlPlaneException e) when (IsCall(context.Request) && !context.Response.HasStarted)
            {
                Answer(context, e.Error);
            }
        });

        void Answer(HttpContext http, Error error)
        {
            logger.Refused(http.Request.Path, error.Code, error.Detail);
            CallStatus.Answer(http, error);
        }
    }

    private static bool IsCall(HttpRequest request) =>
        request.Protocol == HttpProtocol.Http2 && request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true;
}
