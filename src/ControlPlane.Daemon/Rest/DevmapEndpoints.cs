using ControlPlane.Core.Devmaps;
using ControlPlane.Core.Errors;
using ControlPlane.Daemon.Rest.OpenApi;
using ControlPlane.Daemon.Rest.Resources;

namespace ControlPlane.Daemon.Rest;

/// <summary><c>/v1/devmaps</c></summary>
internal static class DevmapEndpoints
{
    public static void MapDevmaps(this IEndpointRouteBuilder v1)
    {
        var devmaps = v1.MapGroup("/devmaps").WithTags(Tags.Devmaps);

        devmaps.MapRead("", List)
            .Described("listDevmaps", "List devmaps", "All devmaps in order of their names, with their traffic.")
            .Answers<DevmapListResource>(StatusCodes.Status200OK, "The devmaps.")
            .Fails(ErrorCode.KernelFailure);

        devmaps.MapRead("/{devmap}", Get)
            .Described("getDevmap", "Read a devmap", "One devmap: how it was configured, its kernel objects and its traffic.")
            .Answers<DevmapResource>(StatusCodes.Status200OK, "The devmap.")
            .Fails(ErrorCode.DevmapNotFound, ErrorCode.KernelFailure);
    }

    private static IResult List(HttpContext http, DevmapService devmaps)
    {
        RestRequest.Check(http);
        var list = new DevmapListResource { Devmaps = devmaps.List().Select(DevmapResource.From) };
        return Answers.Ok(list, RestJson.Instance.DevmapListResource);
    }

    private static IResult Get(string devmap, HttpContext http, DevmapService devmaps)
    {
        RestRequest.Check(http);
        return Answers.Ok(DevmapResource.From(devmaps.Get(devmap)), RestJson.Instance.DevmapResource);
    }
}
