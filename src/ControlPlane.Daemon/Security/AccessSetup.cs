using ControlPlane.Core.Model;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.DataProtection;

namespace ControlPlane.Daemon.Security;

/// <summary>Registers authentication and authorization.</summary>
internal static class AccessSetup
{
    /// <summary>Adds the schemes and the one policy that holds for every request.</summary>
    public static IServiceCollection AddAccess(this IServiceCollection services)
    {
        // AddAuthentication would also make a key ring in the home directory.
        services.AddAuthenticationCore();
        services.AddWebEncoders();
        services.AddSingleton<PeerRoles>();
        new AuthenticationBuilder(services)
            .AddScheme<AuthenticationSchemeOptions, BearerScheme>(Schemes.Bearer, null)
            .AddScheme<AuthenticationSchemeOptions, CertificateScheme>(Schemes.Certificate, null)
            .AddScheme<AuthenticationSchemeOptions, PeerScheme>(Schemes.Peer, null)
            .AddCookie(Schemes.Login, Configure);
        // Cookies end with the daemon.
        services.AddSingleton<IDataProtectionProvider, EphemeralDataProtectionProvider>();
        services.AddSingleton<LoginLinks>();
        services.AddAuthorization(options => options.FallbackPolicy = new AuthorizationPolicyBuilder().AddRequirements(new AccessRequirement()).Build());
        services.AddSingleton<IPolicyEvaluator, AccessEvaluator>();
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, AccessResultHandler>();
        return services;
    }

    /// <summary>Finds the caller of every request and refuses what the caller may not do. Requires routing.</summary>
    public static void UseAccess(this WebApplication app)
    {
        app.Use(next => http =>
        {
            var authentication = http.AuthenticateAsync(Schemes.Choose(http));
            return authentication.IsCompletedSuccessfully ? ContinueAs(authentication.Result, http, next) : WaitAsync(authentication, http, next);
        });
        app.UseAuthorization();
    }

    private static async Task WaitAsync(Task<AuthenticateResult> authentication, HttpContext http, RequestDelegate next) =>
        await ContinueAs(await authentication, http, next);

    private static Task ContinueAs(AuthenticateResult result, HttpContext http, RequestDelegate next)
    {
        if (result.Principal is { } principal)
            http.User = principal;
        return next(http);
    }

    /// <summary>Requires a role for endpoints that are no operations; null opens them to everybody.</summary>
    public static TBuilder RequireRole<TBuilder>(this TBuilder endpoints, string name, Role? role)
        where TBuilder : IEndpointConventionBuilder =>
        role is { } needed ? endpoints.WithMetadata(new RequiredRole(name, needed)) : endpoints.AllowAnonymous();

    private static void Configure(CookieAuthenticationOptions options)
    {
        options.Cookie.Name = Schemes.Cookie;
        options.Cookie.HttpOnly = true;
        options.Cookie.SameSite = SameSiteMode.Strict;
        options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        options.ExpireTimeSpan = TimeSpan.FromHours(12);
        options.SlidingExpiration = false;
    }
}
