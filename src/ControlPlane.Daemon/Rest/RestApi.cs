namespace ControlPlane.Daemon.Rest;

/// <summary>The REST face.</summary>
internal static class RestApi
{
    /// <summary>Adds what the face needs.</summary>
    public static IServiceCollection AddRestApi(this IServiceCollection services) => services;

    /// <summary>Maps its endpoints.</summary>
    public static WebApplication MapRestApi(this WebApplication app) => app;
}
