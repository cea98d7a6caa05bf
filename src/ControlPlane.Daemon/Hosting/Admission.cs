using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Waiting;
using ControlPlane.Core.Writing.Loop;
using ControlPlane.Daemon.Options;
using ControlPlane.Daemon.Security;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Connections;

namespace ControlPlane.Daemon.Hosting;

/// <summary>Puts connections, streams and writes under their limits.</summary>
internal static class Admission
{
    /// <summary>Adds the limits.</summary>
    public static IServiceCollection AddAdmission(this IServiceCollection services, LimitsOptions limits) => services
        .AddSingleton(limits)
        .AddSingleton<ConnectionAdmission>()
        .AddSingleton<StreamAdmission>()
        .AddSingleton<IWaitPlaces>(p => p.GetRequiredService<StreamAdmission>())
        .AddSingleton<AdmissionMetrics>()
        .AddSingleton<RequestGate>()
        .AddSingleton<IConnectionListenerFactory, ClaimedListenerFactory>();

    /// <summary>Notes which connections are idle, answers requests on connections beyond the limits, and lets the callers of the others take turns.</summary>
    public static void UseConnectionAdmission(this WebApplication app)
    {
        app.Services.GetRequiredService<AdmissionMetrics>();
        var gate = app.Services.GetRequiredService<RequestGate>();
        app.Use(next => http => http.Features.Get<ConnectionPlace>() is { } place ? InvokeAsync(http, place, gate, next) : next(http)); // A server in memory has none.
    }

    /// <summary>Puts every stream under its limits. Requires the caller.</summary>
    public static void UseStreamAdmission(this WebApplication app)
    {
        var streams = app.Services.GetRequiredService<StreamAdmission>();
        app.Use(next => http =>
            !IsStream(http.GetEndpoint()) ? next(http)
            : streams.TryBegin(http.Caller(), out var stream, out var refusal) ? RunAsync(http, stream, next)
            : http.Refuse(refusal));

        static async Task RunAsync(HttpContext http, IDisposable stream, RequestDelegate next)
        {
            using (stream)
                await next(http);
        }
    }

    /// <summary>Refuses changes for which the queue of the writer has no place, before they are read. Requires the caller.</summary>
    public static void UseWriteAdmission(this WebApplication app)
    {
        var writer = app.Services.GetRequiredService<DevmapWriter>();
        app.Use(next => http => IsWrite(http.GetEndpoint()) && writer.FindRefusal(http.Caller()) is { } refusal ? http.Refuse(refusal) : next(http));
    }

    private static Task InvokeAsync(HttpContext http, ConnectionPlace place, RequestGate gate, RequestDelegate next)
    {
        place.Begin();
        http.Response.OnCompleted(
            static place =>
            {
                ((ConnectionPlace)place).Finish();
                return Task.CompletedTask;
            },
            place);
        if (HealthEndpoints.IsHealth(http.Request.Path) || (place.IsReserved && http.Request.Path == "/metrics"))
            return next(http);
        if (!place.IsReserved)
            return gate.RunAsync(place, http, next);
        if (HttpProtocol.IsHttp11(http.Request.Protocol))
            http.Response.Headers.Connection = "close";
        return http.Refuse(place.IsFullOfCaller ? RequestErrors.TooManyConnectionsOfCaller(place.Account.ToString()) : RequestErrors.TooManyConnections());
    }

    private static bool IsWrite(Endpoint? endpoint) => endpoint?.Metadata.GetMetadata<Operation>() is { WaitsForWriter: true };

    private static bool IsStream(Endpoint? endpoint) => endpoint is not null
        && (endpoint.Metadata.GetMetadata<GrpcMethodMetadata>() is { } call
            ? call.Method.Type != MethodType.Unary
            : endpoint.Metadata.GetMetadata<Operation>()?.Verb == Verb.Watch);
}
