using ControlPlane.Core.Errors;
using ControlPlane.Core.Interfaces;
using ControlPlane.Daemon.Rest.OpenApi;
using ControlPlane.Daemon.Rest.Resources;
using Microsoft.AspNetCore.Mvc;

namespace ControlPlane.Daemon.Rest;

/// <summary><c>/v1/interfaces</c></summary>
internal static class InterfaceEndpoints
{
    public static void MapInterfaces(this IEndpointRouteBuilder v1)
    {
        var interfaces = v1.MapGroup("/interfaces").WithTags(Tags.Host);

        interfaces.MapRead("", List)
            .Described("listInterfaces", "List interfaces", "The interfaces of the daemon's network namespace in order of their index, and whether each can be a target.")
            .Answers<InterfaceListResource>(StatusCodes.Status200OK, "The interfaces.")
            .Fails();

        interfaces.MapRead("/{interface}", Get)
            .Described("getInterface", "Read an interface", "One interface, and whether it can be a target: if not, a condition says why and what to do.")
            .Answers<InterfaceResource>(StatusCodes.Status200OK, "The interface.")
            .Fails(ErrorCode.InterfaceNotFound);
    }

    private static IResult List(HttpContext http, InterfaceService interfaces)
    {
        RestRequest.Check(http);
        var list = new InterfaceListResource { Interfaces = interfaces.List().Select(InterfaceResource.From) };
        return Answers.Ok(list, RestJson.Instance.InterfaceListResource);
    }

    private static IResult Get([FromRoute(Name = "interface")] string interfaceName, HttpContext http, InterfaceService interfaces)
    {
        RestRequest.Check(http);
        return Answers.Ok(InterfaceResource.From(interfaces.Get(interfaceName)), RestJson.Instance.InterfaceResource);
    }
}
