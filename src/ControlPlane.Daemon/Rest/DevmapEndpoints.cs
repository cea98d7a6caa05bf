using ControlPlane.Core.Api;
using ControlPlane.Core.Auditing;
using ControlPlane.Core.Errors;
using ControlPlane.Daemon.Rest.OpenApi;
using ControlPlane.Daemon.Rest.Reading;
using ControlPlane.Daemon.Rest.Resources;

namespace ControlPlane.Daemon.Rest;

/// <summary><c>/v1/devmaps</c></summary>
internal static class DevmapEndpoints
{
    private static readonly QueryParameter Repair = new("repair", "Whether differences are put right. Left out for what the configuration says.") { Values = ["true", "false"] };

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

        devmaps.MapRead("/{devmap}/shape", GetShape)
            .Described("getDevmapShape", "Read the shape of a devmap", "How its entries lie in the kernel's hash, its memory, and what the longest chain, a walk or a broadcast costs.")
            .Answers<DevmapShapeResource>(StatusCodes.Status200OK, "The shape.")
            .Fails(ErrorCode.DevmapNotFound);

        devmaps.MapPost("/{devmap}:audit", AuditAsync)
            .Described("auditDevmap", "Audit a devmap",
                "Compares the kernel's map and attachments with what is wanted, now, and puts right what others have changed (for instance with `bpftool`), by the one writer. What is wanted, and its revisions, stay as they are. Regular audits do the same as `ControlPlane:Audit` says.")
            .Takes(Repair)
            .Answers<AuditReportResource>(StatusCodes.Status200OK, "What was found.")
            .FailsAsAction(ErrorCode.DevmapNotFound);
    }

    private static IResult List(HttpContext http, DevmapService devmaps)
    {
        var request = RestRequest.Of(http).Read();
        var list = new DevmapListResource { Devmaps = devmaps.List(request).Select(DevmapResource.From) };
        return Answers.Ok(list, RestJson.Instance.DevmapListResource);
    }

    private static IResult Get(string devmap, HttpContext http, DevmapService devmaps)
    {
        var request = RestRequest.Of(http).Read();
        return Answers.Ok(DevmapResource.From(devmaps.Get(devmap, request)), RestJson.Instance.DevmapResource);
    }

    private static IResult GetShape(string devmap, HttpContext http, DevmapService devmaps)
    {
        var request = RestRequest.Of(http).Read();
        return Answers.Ok(DevmapShapeResource.From(devmaps.GetShape(devmap, request)), RestJson.Instance.DevmapShapeResource);
    }

    private static async Task<IResult> AuditAsync(string devmap, HttpContext http, AuditService audits, CancellationToken cancellationToken)
    {
        var request = RestRequest.Of(http);
        var repair = request.Query.Boolean(Repair.Name);
        var report = await audits.AuditAsync(devmap, repair, request.Read());
        return Answers.Ok(AuditReportResource.From(report), RestJson.Instance.AuditReportResource);
    }
}
