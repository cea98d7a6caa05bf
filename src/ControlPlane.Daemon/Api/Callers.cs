namespace ControlPlane.Daemon.Api;

/// <summary>Names the callers of requests.</summary>
internal static class Callers
{
    /// <summary>Returns the address of the caller; <c>unix</c> on the unix socket.</summary>
    public static string Caller(this HttpContext http) => http.Connection.RemoteIpAddress is { } address ? $"{address}:{http.Connection.RemotePort}" : "unix";
}
