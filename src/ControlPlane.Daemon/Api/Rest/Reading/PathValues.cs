using ControlPlane.Core.Errors;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing.Patterns;

namespace ControlPlane.Daemon.Api.Rest.Reading;

/// <summary>
/// Keys and names in paths, as they were meant. The server decodes a path once for routing, but leaves <c>%2F</c> and octets
/// that are not UTF-8 encoded: then <c>a%2Fb</c> and <c>a%252Fb</c> look alike. A value with a percent sign left is
/// decoded again, from the request's own text.
/// </summary>
internal static class PathValues
{
    /// <summary>Corrects the route values of this request.</summary>
    /// <exception cref="ControlPlaneException">A value is not UTF-8; it is named.</exception>
    public static void Restore(HttpContext http)
    {
        if (http.GetEndpoint() is not RouteEndpoint { RoutePattern: var pattern })
            return;
        List<string>? doubtful = null;
        foreach (var (name, value) in http.Request.RouteValues)
        {
            if (value is string text && text.AsSpan().ContainsAny('%', '\uFFFD'))
                (doubtful ??= []).Add(name);
        }

        if (doubtful is null)
            return;
        var violations = new Violations();
        foreach (var name in doubtful)
            Restore(http, pattern, name, violations);
        violations.ThrowIfAny();
    }

    private static void Restore(HttpContext http, RoutePattern pattern, string name, Violations violations)
    {
        var target = http.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        var path = target.Split('?', 2)[0];
        var segments = path.StartsWith('/') ? path[1..].Split('/') : [];
        for (var i = 0; i < pattern.PathSegments.Count && i < segments.Length; i++)
        {
            // A parameter may have a verb behind it, as in {key}:explain.
            var parts = pattern.PathSegments[i].Parts;
            if (parts[0] is not RoutePatternParameterPart part || part.Name != name)
                continue;
            var verb = parts is [_, RoutePatternLiteralPart literal] ? literal.Content.Length : 0;
            if (PercentText.TryDecode(segments[i], plusIsSpace: false, out var decoded))
                http.Request.RouteValues[name] = decoded[..^verb];
            else
                violations.Add(name, "must be percent-encoded UTF-8");
        }
    }
}
