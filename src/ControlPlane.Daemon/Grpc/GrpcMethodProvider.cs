using Devmapd.V1;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace ControlPlane.Daemon.Grpc;

/// <summary>
/// Binds the calls of the generated services with <see cref="RequestMarshaller"/> in place of the generated marshallers,
/// which pass over unknown fields and answer malformed messages with UNKNOWN.
/// </summary>
internal sealed class GrpcMethodProvider(DevmapGrpcService devmaps, ProgramGrpcService programs, HostGrpcService host)
    : IServiceMethodProvider<GrpcMethods>
{
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<GrpcMethods> context)
    {
        var binder = new Binder(context);
        DevmapService.BindService(binder, devmaps);
        ProgramService.BindService(binder, programs);
        HostService.BindService(binder, host);
    }

    /// <summary>Takes unary calls; other kinds throw (<see cref="ServiceBinderBase"/>), at start, until the contract has them.</summary>
    private sealed class Binder(ServiceMethodProviderContext<GrpcMethods> context) : ServiceBinderBase
    {
        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler)
        {
            ArgumentNullException.ThrowIfNull(handler);
            var strict = new Method<TRequest, TResponse>(
                method.Type, method.ServiceName, method.Name, RequestMarshaller.For<TRequest>(), method.ResponseMarshaller);
            context.AddUnaryMethod(strict, [new HttpMethodMetadata(["POST"])], (_, request, call) => handler(request, call));
        }
    }
}
