using System.Security.Claims;
using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Security;

/// <summary>The identity that an authentication scheme gives a request: its caller. It has no claims, because <see cref="AccessEvaluator"/> reads the caller.</summary>
internal sealed class CallerIdentity(Caller caller, string scheme) : ClaimsIdentity(scheme)
{
    /// <summary>The caller.</summary>
    public Caller Caller => caller;
}

/// <summary>How the daemon gets at the caller of a request.</summary>
internal static class Callers
{
    /// <summary>Returns the caller. A caller that has not shown who it is has no role.</summary>
    public static Caller Caller(this HttpContext http) => http.User.Identity switch
    {
        CallerIdentity identity => identity.Caller,
        // The cookie carries no more than that its browser followed a login link.
        { IsAuthenticated: true, AuthenticationType: Schemes.Login } => new Caller(http.From()) { Role = Role.Admin, IsLogin = true },
        _ => new Caller(http.From()),
    };

    /// <summary>Returns where a request comes from: an address, or <c>unix</c>.</summary>
    public static string From(this HttpContext http) =>
        http.Connection.RemoteIpAddress is { } address ? $"{address}:{http.Connection.RemotePort}" : "unix";
}
