using Microsoft.AspNetCore.Http.Features;

namespace ControlPlane.Daemon.Hosting;

/// <summary>The size of a request body at which the server ends the connection. It lies behind the limit that an operation has.</summary>
internal static class BodyWall
{
    /// <summary>The wall of operations with small requests.</summary>
    public const int Bytes = 1024 * 1024;

    /// <summary>Moves the wall behind the limit of an operation. Called before the body is read.</summary>
    /// <param name="http">The request.</param>
    /// <param name="limit">Most bytes of a request of the operation.</param>
    public static void MoveBehind(HttpContext http, int limit)
    {
        if (limit > Bytes / 2 && http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } wall)
            wall.MaxRequestBodySize = limit + Bytes;
    }
}
