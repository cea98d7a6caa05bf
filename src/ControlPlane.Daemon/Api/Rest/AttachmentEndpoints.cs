using ControlPlane.Core.Api;
using ControlPlane.Core.Model;
using ControlPlane.Daemon.Api.Rest.Json;
using Microsoft.AspNetCore.Http.HttpResults;

namespace ControlPlane.Daemon.Api.Rest;

/// <summary>The operations of attachments.</summary>
internal static class AttachmentEndpoints
{
    public static void MapAttachments(this IEndpointRouteBuilder routes)
    {
        routes.Map(Operations.ListAttachments, List);
        routes.Map(Operations.GetAttachment, Get);
        routes.Map(Operations.PutAttachment, PutAsync);
        routes.Map(Operations.DeleteAttachment, DeleteAsync);
    }

    private static Answer<AttachmentList> List(string devmap, RequestContext request, AttachmentService attachments) =>
        new(new AttachmentList(attachments.List(devmap, request)));

    private static Answer<Attachment> Get(string devmap, string interfaceName, RequestContext request, AttachmentService attachments)
    {
        var attachment = attachments.Get(devmap, interfaceName, request);
        return new(attachment, attachment.Revision);
    }

    private static async Task<PutAnswer<Attachment>> PutAsync(
        string devmap, string interfaceName, Body<AttachmentSpec> spec, bool? allowPending, bool? force, RequestContext request,
        AttachmentService attachments)
    {
        var outcome = await attachments.PutAsync(devmap, interfaceName, spec.Value, allowPending ?? false, request, force ?? false);
        return new(outcome, outcome.View.Revision, "devmaps", devmap, "attachments", interfaceName);
    }

    private static async Task<NoContent> DeleteAsync(
        string devmap, string interfaceName, string? owner, bool? force, RequestContext request, AttachmentService attachments)
    {
        await attachments.DeleteAsync(devmap, interfaceName, owner, force ?? false, request);
        return TypedResults.NoContent();
    }
}
