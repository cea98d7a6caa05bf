using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
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

        interfaces.MapPost("/{interface}:setEgressProgram", SetEgressProgramAsync)
            .Described("setEgressProgram", "Give all entries for an interface one egress program",
                "Has every entry that sends to the interface, over all devmaps, carry this egress program, or none. All are changed in one transaction, or none is. The kernel queues frames by device and runs one program on a whole burst, so this is how the program of a device in use is changed; a frame that leaves meanwhile may still meet the one before.")
            .TakesBody<EgressProgramSwapBody>()
            .Answers<EgressProgramSwapResource>(StatusCodes.Status200OK, "All entries for the interface carry it.")
            .FailsAsAction(ErrorCode.ProgramNotFound, ErrorCode.InterfaceNotFound);
    }

    private static IResult List(HttpContext http, InterfaceService interfaces)
    {
        var request = RestRequest.Of(http).Read();
        var list = new InterfaceListResource { Interfaces = interfaces.List(request).Select(InterfaceResource.From) };
        return Answers.Ok(list, RestJson.Instance.InterfaceListResource);
    }

    private static IResult Get([FromRoute(Name = "interface")] string interfaceName, HttpContext http, InterfaceService interfaces)
    {
        var request = RestRequest.Of(http).Read();
        return Answers.Ok(InterfaceResource.From(interfaces.Get(interfaceName, request)), RestJson.Instance.InterfaceResource);
    }

    private static async Task<IResult> SetEgressProgramAsync(
        [FromRoute(Name = "interface")] string interfaceName, HttpContext http, ProgramService programs, CancellationToken cancellationToken)
    {
        var request = RestRequest.Of(http);
        var program = await request.ReadBodyAsync(EgressProgramSwapBody.Read, cancellationToken);
        var swap = await programs.SetOfInterfaceAsync(interfaceName, program, request.Read());
        return Answers.Ok(EgressProgramSwapResource.From(swap), RestJson.Instance.EgressProgramSwapResource);
    }
}
