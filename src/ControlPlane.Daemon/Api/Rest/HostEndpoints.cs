using ControlPlane.Core.Api;
using ControlPlane.Core.Model;
using ControlPlane.Daemon.Api.Rest.Json;

namespace ControlPlane.Daemon.Api.Rest;

/// <summary>The operations of the host and its interfaces.</summary>
internal static class HostEndpoints
{
    public static void MapHost(this IEndpointRouteBuilder routes)
    {
        routes.Map(Operations.GetHost, Get);
        routes.Map(Operations.ListInterfaces, ListInterfaces);
        routes.Map(Operations.GetInterface, GetInterface);
    }

    private static Answer<Core.Model.Host> Get(RequestContext request, HostService host) => new(host.Get(request));

    private static Answer<InterfaceList> ListInterfaces(RequestContext request, InterfaceService interfaces) =>
        new(new InterfaceList(interfaces.List(request)));

    private static Answer<Interface> GetInterface(string interfaceName, RequestContext request, InterfaceService interfaces)
    {
        var found = interfaces.Get(interfaceName, request);
        return new(found, found.Revision);
    }
}
