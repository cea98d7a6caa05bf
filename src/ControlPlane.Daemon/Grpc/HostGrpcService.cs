using ControlPlane.Core.Api;
using Devmapd.V1;
using Grpc.Core;

namespace ControlPlane.Daemon.Grpc;

/// <summary>The host and its interfaces by gRPC. A singleton, like the services it calls.</summary>
internal sealed class HostGrpcService(ControlPlane.Core.Api.HostService host, InterfaceService interfaces) : Devmapd.V1.HostService.HostServiceBase
{
    public override Task<GetHostResponse> GetHost(GetHostRequest request, ServerCallContext context) =>
        Task.FromResult(new GetHostResponse { Host = host.Get().ToMessage() });

    public override Task<ListInterfacesResponse> ListInterfaces(ListInterfacesRequest request, ServerCallContext context)
    {
        var response = new ListInterfacesResponse();
        foreach (var item in interfaces.List())
            response.Interfaces.Add(item.ToMessage());
        return Task.FromResult(response);
    }

    public override Task<GetInterfaceResponse> GetInterface(GetInterfaceRequest request, ServerCallContext context)
    {
        Required.Check(("interface", request.Interface));
        return Task.FromResult(new GetInterfaceResponse { Interface = interfaces.Get(request.Interface).ToMessage() });
    }
}
