using System.Buffers.Text;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using ControlPlane.Core.Errors;
using Microsoft.AspNetCore.Authentication;

namespace ControlPlane.Daemon.Security;

/// <summary>
/// The link by which a person at the terminal of the daemon opens Swagger UI without a token. Its code works once and for ten minutes, and
/// gives the browser a cookie. The link is written to a terminal alone, never to the log.
/// </summary>
internal sealed class LoginLinks(TimeProvider time)
{
    private const string Path = "/login";
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private (byte[] Hash, DateTimeOffset End)? _code;

    /// <summary>Writes a link to the terminal of the process; does nothing without a terminal.</summary>
    /// <param name="address">Where REST is served.</param>
    public void Announce(string address)
    {
        var terminal = !Console.IsOutputRedirected ? Console.Out : !Console.IsErrorRedirected ? Console.Error : null;
        terminal?.WriteLine($"Open Swagger UI (works once, within {Lifetime.TotalMinutes:0} minutes): {address}{Path}?code={Create()}");
    }

    /// <summary>Returns a new code. The one before works no more.</summary>
    public string Create()
    {
        var code = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        lock (_lock)
            _code = (HashOf(code), time.GetUtcNow() + Lifetime);
        return code;
    }

    /// <summary>Uses up a code; false if it is not the one that works.</summary>
    public bool TryUse(string code)
    {
        lock (_lock)
        {
            if (_code is not var (hash, end) || time.GetUtcNow() >= end || !CryptographicOperations.FixedTimeEquals(hash, HashOf(code)))
                return false;
            _code = null;
            return true;
        }
    }

    /// <summary>Signs the browser in that follows a link, and leads it to Swagger UI.</summary>
    public static async Task<IResult> FollowAsync(HttpContext http, string? code, LoginLinks links)
    {
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["Referrer-Policy"] = "no-referrer";
        if (code is null || !links.TryUse(code))
            throw new ControlPlaneException(AccessErrors.LoginLinkUsed());
        await http.SignInAsync(Schemes.Login, new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, "login link")], Schemes.Login)));
        return Results.Redirect("/swagger/index.html");
    }

    /// <summary>Maps the link.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet(Path, FollowAsync).ExcludeFromDescription().AllowAnonymous();

    private static byte[] HashOf(string code) => SHA256.HashData(Encoding.UTF8.GetBytes(code));
}
