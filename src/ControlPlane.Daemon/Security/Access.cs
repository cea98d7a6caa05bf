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
/// <remarks>
/// It takes the place of the framework's evaluator, which finds the handlers of a policy again for each request: there is one policy with one
/// requirement.
/// </remarks>
internal sealed class AccessEvaluator : IPolicyEvaluator
{
    private static readonly Task<PolicyAuthorizationResult> _allowed = Task.FromResult(PolicyAuthorizationResult.Success());
    private static readonly Task<PolicyAuthorizationResult> _forbidden = Task.FromResult(PolicyAuthorizationResult.Forbid());
    private static readonly Task<PolicyAuthorizationResult> _challenged = Task.FromResult(PolicyAuthorizationResult.Challenge());
    private static readonly Task<AuthenticateResult> _noResult = Task.FromResult(AuthenticateResult.NoResult());

    /// <summary>Does nothing: the caller is known by now (<see cref="AccessSetup.UseAccess"/>).</summary>
    public Task<AuthenticateResult> AuthenticateAsync(AuthorizationPolicy policy, HttpContext context) => _noResult;

    /// <inheritdoc/>
    public Task<PolicyAuthorizationResult> AuthorizeAsync(
        AuthorizationPolicy policy, AuthenticateResult authenticationResult, HttpContext context, object? resource)
    {
        // Nothing is there: the answer says so, to anybody.
        if (context.GetEndpoint() is not RouteEndpoint endpoint || IsNowhere(endpoint.RoutePattern))
            return _allowed;
        if (context.Caller() is not { IsKnown: true } caller)
            return _challenged;
        return Refusal(context.Request, caller, endpoint) is null ? _allowed : _forbidden;
    }

    /// <summary>Whether a pattern is that of gRPC methods that do not exist.</summary>
    public static bool IsNowhere(RoutePattern? pattern) => pattern?.GetParameter("unimplementedMethod") is not null;

    /// <summary>Returns the reason to refuse the request of a known caller; null if there is none.</summary>
    public static Error? Refusal(HttpRequest request, Caller caller, RouteEndpoint endpoint)
    {
        var operation = endpoint.Metadata.GetMetadata<Operation>();
        var (name, needed) = operation is not null ? (operation.Id, operation.Role)
            : endpoint.Metadata.GetMetadata<RequiredRole>() is { } required ? (required.Name, required.Role)
            : (endpoint.DisplayName ?? "this", Role.Admin);
        if (caller.Role is not { } role || role < needed)
            return AccessErrors.RoleNeeded(caller.ToString(), Text(caller.Role), name, Text(needed)!);
        if (!caller.Limits.AreNone && needed > Role.Viewer && operation is not ({ ChecksEachEntry: true } or { ChecksOwner: true }))
            return AccessErrors.LimitedToken(caller.Token!, name);
        // A page of another origin cannot set this header, and other programs have no cookie.
        if (caller.IsLogin && !LocalOnly.IsSafe(request.Method) && request.Headers["Sec-Fetch-Site"] is not ["same-origin"])
            return AccessErrors.CookieFromElsewhere(request.Headers["Sec-Fetch-Site"]);
        return null;
    }

    private static string? Text(Role? role) => role?.ToString().ToLowerInvariant();
}

/// <summary>Refuses the request with the error, which the API of the request renders.</summary>
internal sealed class AccessResultHandler : IAuthorizationMiddlewareResultHandler
{
    /// <inheritdoc/>
    public Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult) =>
        authorizeResult.Succeeded ? next(context) : RefuseAsync(context, authorizeResult);

    private static async Task RefuseAsync(HttpContext context, PolicyAuthorizationResult result)
    {
        if (result.Forbidden && AccessEvaluator.Refusal(context.Request, context.Caller(), (RouteEndpoint)context.GetEndpoint()!) is { } refusal)
        {
            await context.Refuse(refusal);
            return;
        }

        // The scheme keeps its result: nothing is authenticated twice.
        var authenticated = await context.AuthenticateAsync(Schemes.Choose(context));
        await context.Refuse((authenticated.Failure as ControlPlaneException)?.Error ?? AccessErrors.NoCredentials());
    }
}
