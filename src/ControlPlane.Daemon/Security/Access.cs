using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Routing.Patterns;

namespace ControlPlane.Daemon.Security;

/// <summary>The role that an endpoint needs that is no operation: metrics, reflection. Metadata of the endpoint.</summary>
/// <param name="Name">The name of the endpoint, for errors.</param>
/// <param name="Role">The role.</param>
internal sealed record RequiredRole(string Name, Role Role);

/// <summary>The requirement of every request: the caller may do what the endpoint does.</summary>
internal sealed class AccessRequirement : IAuthorizationRequirement;

/// <summary>
/// Decides who may do what, by the table of operations. An endpoint that is neither an operation nor has a <see cref="RequiredRole"/>
/// is for administrators.
/// </summary>
internal sealed class AccessHandler : AuthorizationHandler<AccessRequirement>
{
    /// <inheritdoc/>
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, AccessRequirement requirement)
    {
        var http = (HttpContext)context.Resource!;
        // Nothing is there: the answer says so, to anybody.
        if (http.GetEndpoint() is not RouteEndpoint endpoint || IsNowhere(endpoint.RoutePattern))
            context.Succeed(requirement);
        else if (http.Caller() is { IsKnown: true } caller)
            Decide(context, requirement, Refusal(http.Request, caller, endpoint));
        return Task.CompletedTask;
    }

    /// <summary>Whether a pattern is that of gRPC methods that do not exist.</summary>
    public static bool IsNowhere(RoutePattern? pattern) => pattern?.GetParameter("unimplementedMethod") is not null;

    private void Decide(AuthorizationHandlerContext context, AccessRequirement requirement, Error? refusal)
    {
        if (refusal is null)
            context.Succeed(requirement);
        else
            context.Fail(new AccessFailure(this, refusal));
    }

    /// <summary>The reason to refuse the request; null if there is none.</summary>
    private static Error? Refusal(HttpRequest request, Caller caller, RouteEndpoint endpoint)
    {
        var operation = endpoint.Metadata.GetMetadata<Operation>();
        var (name, needed) = operation is not null ? (operation.Id, operation.Role)
            : endpoint.Metadata.GetMetadata<RequiredRole>() is { } required ? (required.Name, required.Role)
            : (endpoint.DisplayName ?? "this", Role.Admin);
        if (caller.Role is not { } role || role < needed)
            return AccessErrors.RoleNeeded(caller.ToString(), Text(caller.Role), name, Text(needed)!);
        if (!caller.Limits.AreNone && needed > Role.Viewer && operation is not { ChecksEachEntry: true })
            return AccessErrors.LimitedToken(caller.Token!, name);
        // A page of another origin cannot set this header, and other programs have no cookie.
        if (caller.IsLogin && !LocalOnly.IsSafe(request.Method) && request.Headers["Sec-Fetch-Site"] is not ["same-origin"])
            return AccessErrors.CookieFromElsewhere(request.Headers["Sec-Fetch-Site"]);
        return null;
    }

    private static string? Text(Role? role) => role?.ToString().ToLowerInvariant();
}

/// <summary>Why a request was refused, as an error of the catalogue.</summary>
internal sealed class AccessFailure(IAuthorizationHandler handler, Error error) : AuthorizationFailureReason(handler, error.Detail)
{
    /// <summary>The error.</summary>
    public Error Error => error;
}

/// <summary>Refuses the request with the error, which the API of the request renders.</summary>
internal sealed class AccessResultHandler : IAuthorizationMiddlewareResultHandler
{
    /// <inheritdoc/>
    public Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult) =>
        authorizeResult.Succeeded ? next(context) : RefuseAsync(context, authorizeResult);

    private static async Task RefuseAsync(HttpContext context, PolicyAuthorizationResult result)
    {
        if (result.AuthorizationFailure?.FailureReasons.OfType<AccessFailure>().FirstOrDefault() is { } failure)
        {
            await context.Refuse(failure.Error);
            return;
        }

        // The scheme keeps its result: nothing is authenticated twice.
        var authenticated = await context.AuthenticateAsync(Schemes.Choose(context));
        await context.Refuse((authenticated.Failure as ControlPlaneException)?.Error ?? AccessErrors.NoCredentials());
    }
}
