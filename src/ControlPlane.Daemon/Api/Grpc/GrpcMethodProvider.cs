using ControlPlane.Core.Api;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace ControlPlane.Daemon.Api.Grpc;

/// <summary>
/// The type under which the calls of the contract are mapped. It is empty: the calls go to singletons, so that no call constructs a
/// service.
/// </summary>
internal sealed class GrpcMethods;

/// <summary>
/// Binds the calls of the generated services with <see cref="RequestMarshaller"/> in place of the generated marshallers,
/// which ignore unknown fields and answer malformed messages with UNKNOWN.
/// </summary>
internal sealed class GrpcMethodProvider(DevmapGrpcService devmaps, ProgramGrpcService programs, LeaseGrpcService leases, TokenGrpcService tokens, ChangeGrpcService changes,
    StateGrpcService states, HostGrpcService host)
    : IServiceMethodProvider<GrpcMethods>
{
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<GrpcMethods> context)
    {
        var binder = new Binder(context);
        Devmapd.V1.DevmapService.BindService(binder, devmaps);
        Devmapd.V1.ProgramService.BindService(binder, programs);
        Devmapd.V1.LeaseService.BindService(binder, leases);
        Devmapd.V1.TokenService.BindService(binder, tokens);
        Devmapd.V1.ChangeService.BindService(binder, changes);
        Devmapd.V1.StateService.BindService(binder, states);
        Devmapd.V1.HostService.BindService(binder, host);
    }

    /// <summary>Takes unary calls, those that answer with a stream, and streams both ways. The other kind throws at start (<see cref="ServiceBinderBase"/>).</summary>
    private sealed class Binder(ServiceMethodProviderContext<GrpcMethods> context) : ServiceBinderBase
    {
        // The operation says who may make the call. Operations of one call need the same role.
        private static object[] Metadata(IMethod method) =>
        [
            new HttpMethodMetadata(["POST"]),
            Operations.All.First(o => IsOf(method, o.Grpc) || IsOf(method, o.GrpcStream)),
        ];

        private static bool IsOf(IMethod method, string? name) => name is not null && method.FullName.EndsWith($".{name}", StringComparison.Ordinal);

        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler)
        {
            ArgumentNullException.ThrowIfNull(handler);
            context.AddUnaryMethod(Strict(method), Metadata(method), (_, request, call) => handler(request, call));
        }

        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler)
        {
            ArgumentNullException.ThrowIfNull(handler);
            context.AddServerStreamingMethod(Strict(method), Metadata(method), (_, request, answers, call) => handler(request, answers, call));
        }

        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler)
        {
            ArgumentNullException.ThrowIfNull(handler);
            context.AddDuplexStreamingMethod(Strict(method), Metadata(method), (_, requests, answers, call) => handler(requests, answers, call));
        }

        private static Method<TRequest, TResponse> Strict<TRequest, TResponse>(Method<TRequest, TResponse> method)
            where TRequest : class
            where TResponse : class =>
            new(method.Type, method.ServiceName, method.Name, RequestMarshaller.For<TRequest>(), EntryPageMarshaller.Instance as Marshaller<TResponse> ?? method.ResponseMarshaller);
    }
}
