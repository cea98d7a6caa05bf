using System.Text.Encodings.Web;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Daemon.Options;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace ControlPlane.Daemon.Security;

/// <summary>The names of the authentication schemes, and which of them a request uses.</summary>
internal static class Schemes
{
    public const string Bearer = "bearer", Certificate = "certificate", Login = "login", Peer = "peer";

    /// <summary>The name of the login cookie.</summary>
    public const string Cookie = "devmapd-login";

    /// <summary>Chooses the scheme. Credentials that the request itself carries go before those of its connection.</summary>
    public static string Choose(HttpContext http) =>
        http.Request.Headers.Authorization.Count > 0 ? Bearer
        : http.Request.Cookies.ContainsKey(Cookie) ? Login
        : http.Connection.ClientCertificate is not null ? Certificate
        : Peer;
}

/// <summary>A scheme that finds the caller of a request, or an error of the catalogue.</summary>
internal abstract class CallerScheme(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    /// <inheritdoc/>
    protected sealed override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        try
        {
            return Task.FromResult(Identify() is { } identity
                ? AuthenticateResult.Success(new AuthenticationTicket(new(identity), Scheme.Name))
                : AuthenticateResult.NoResult());
        }
        catch (ControlPlaneException e)
        {
            return Task.FromResult(AuthenticateResult.Fail(e));
        }
    }

    /// <summary>Returns the identity of the caller; null if the request has no credentials of this scheme.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.Unauthenticated"/>: the credentials are not valid.</exception>
    protected abstract CallerIdentity? Identify();
}

/// <summary>Bearer tokens (RFC 6750), which the daemon issues itself.</summary>
internal sealed class BearerScheme(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, TokenService tokens) : CallerScheme(options, logger, encoder)
{
    private const string Prefix = "Bearer ";

    /// <inheritdoc/>
    protected override CallerIdentity Identify()
    {
        if (Request.Headers.Authorization is not [{ } header] || !header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            throw new ControlPlaneException(AccessErrors.NotBearer());
        var token = tokens.Authenticate(header[Prefix.Length..].Trim());
        return new CallerIdentity(
            new Caller(Context.From())
            {
                Role = token.Spec.Role, Token = token.Name, Limits = token.Spec.Limits ?? TokenLimits.None, Peer = Context.Features.Get<UnixPeer>(),
            },
            Scheme.Name);
    }
}

/// <summary>Client certificates, whose chain the handshake has checked. The names in them have roles by the configuration.</summary>
internal sealed class CertificateScheme(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, IOptions<ControlPlaneOptions> configuration)
    : CallerScheme(options, logger, encoder)
{
    /// <inheritdoc/>
    protected override CallerIdentity? Identify()
    {
        if (Context.Connection.ClientCertificate is not { } certificate)
            return null;
        var names = CertificateNames.Of(certificate);
        var known = configuration.Value.Access.Certificates.Where(c => names.Contains(c.San)).MaxBy(c => c.Role);
        return new CallerIdentity(
            new Caller(Context.From()) { Role = known?.Role, Certificate = known?.San ?? (names.Count > 0 ? names[0] : certificate.Subject) }, Scheme.Name);
    }
}

/// <summary>The user at the other end of the unix socket.</summary>
internal sealed class PeerScheme(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, PeerRoles roles) : CallerScheme(options, logger, encoder)
{
    /// <inheritdoc/>
    protected override CallerIdentity? Identify() => Context.Features.Get<UnixPeer>() is { } peer
        ? new CallerIdentity(new Caller(Context.From()) { Role = roles.Of(peer), Peer = peer }, Scheme.Name)
        : null;
}
