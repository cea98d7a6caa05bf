using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Daemon.Rest.OpenApi;
using ControlPlane.Daemon.Rest.Resources;
using Microsoft.AspNetCore.Mvc;

namespace ControlPlane.Daemon.Rest;

/// <summary><c>/v1/devmaps/{devmap}/attachments</c></summary>
internal static class AttachmentEndpoints
{
    public static void MapAttachments(this IEndpointRouteBuilder v1)
    {
        var attachments = v1.MapGroup("/devmaps/{devmap}/attachments").WithTags(Tags.Attachments);

        attachments.MapRead("", List)
            .Described("listAttachments", "List attachments", "Where the devmap's redirect program is to run, in order of the interfaces' names.")
            .Answers<AttachmentListResource>(StatusCodes.Status200OK, "The attachments.")
            .Fails(ErrorCode.DevmapNotFound);

        attachments.MapRead("/{interface}", Get)
            .Described("getAttachment", "Read an attachment", "One attachment and whether the redirect program really runs there.")
            .Answers<AttachmentResource>(StatusCodes.Status200OK, "The attachment.")
            .Fails(ErrorCode.DevmapNotFound, ErrorCode.AttachmentNotFound);

        attachments.MapPut("/{interface}", PutAsync)
            .Described("putAttachment", "Attach the redirect program, or change how",
                "Runs the devmap's redirect program on every frame that comes in by the interface, by a pinned `bpf_link` that outlives the daemon. Not on the loopback interface, by which this API's callers come.")
            .TakesBody<AttachmentBody>()
            .Answers<AttachmentResource>(StatusCodes.Status201Created, "The program is attached; `Location` names the attachment.")
            .Answers<AttachmentResource>(StatusCodes.Status200OK, "It was attached and is now as asked.")
            .FailsAsWrite(ErrorCode.DevmapNotFound, ErrorCode.AttachConflict, ErrorCode.InterfaceNotFound, ErrorCode.InterfaceUnsuitable, ErrorCode.AlreadyExists);

        attachments.MapDelete("/{interface}", DeleteAsync)
            .Described("deleteAttachment", "Detach the redirect program", "Frames that come in by the interface go to the host's network stack from then on.")
            .AnswersNothing("The program is detached.")
            .FailsAsWrite(ErrorCode.DevmapNotFound, ErrorCode.AttachmentNotFound);
    }

    private static IResult List(string devmap, HttpContext http, AttachmentService attachments)
    {
        var request = RestRequest.Of(http).Read();
        var list = new AttachmentListResource { Attachments = attachments.List(devmap, request).Select(AttachmentResource.From) };
        return Answers.Ok(list, RestJson.Instance.AttachmentListResource);
    }

    private static IResult Get(string devmap, [FromRoute(Name = "interface")] string interfaceName, HttpContext http, AttachmentService attachments)
    {
        var request = RestRequest.Of(http).Read();
        var view = attachments.Get(devmap, interfaceName, request);
        return Answers.Ok(http, AttachmentResource.From(view), RestJson.Instance.AttachmentResource, view.Revision);
    }

    private static async Task<IResult> PutAsync(
        string devmap, [FromRoute(Name = "interface")] string interfaceName, HttpContext http, AttachmentService attachments, CancellationToken cancellationToken)
    {
        var request = RestRequest.Of(http);
        var mode = await request.ReadBodyAsync(AttachmentBody.Read, cancellationToken);
        var outcome = await attachments.PutAsync(devmap, interfaceName, new AttachmentRequest(mode), request.Write());
        return Answers.Put(http, outcome, AttachmentResource.From, RestJson.Instance.AttachmentResource, outcome.View.Revision, "devmaps", devmap, "attachments", interfaceName);
    }

    private static async Task<IResult> DeleteAsync(
        string devmap, [FromRoute(Name = "interface")] string interfaceName, HttpContext http, AttachmentService attachments, CancellationToken cancellationToken)
    {
        await attachments.DeleteAsync(devmap, interfaceName, RestRequest.Of(http).Write());
        return TypedResults.NoContent();
    }
}
