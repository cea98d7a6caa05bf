using ControlPlane.Core.Attachments;
using ControlPlane.Core.Entries;
using Devmapd.V1;
using Grpc.Core;

namespace ControlPlane.Daemon.Grpc;

/// <summary>Devmaps, entries and attachments by gRPC. A singleton, like the services it calls.</summary>
internal sealed class DevmapGrpcService(Core.Devmaps.DevmapService devmaps, EntryService entries, AttachmentService attachments)
    : Devmapd.V1.DevmapService.DevmapServiceBase
{
    public override Task<ListDevmapsResponse> ListDevmaps(ListDevmapsRequest request, ServerCallContext context)
    {
        var response = new ListDevmapsResponse();
        foreach (var devmap in devmaps.List())
            response.Devmaps.Add(devmap.ToMessage());
        return Task.FromResult(response);
    }

    public override Task<GetDevmapResponse> GetDevmap(GetDevmapRequest request, ServerCallContext context)
    {
        Required.Check(("devmap", request.Devmap));
        return Task.FromResult(new GetDevmapResponse { Devmap = devmaps.Get(request.Devmap).ToMessage() });
    }

    public override Task<ListEntriesResponse> ListEntries(ListEntriesRequest request, ServerCallContext context)
    {
        var faults = Required.Find(("devmap", request.Devmap));
        var page = entries.List(request.Devmap, request.ToQuery(faults), faults);
        var response = new ListEntriesResponse { NextPageToken = page.NextPageToken ?? "", Revision = page.Revision };
        response.Entries.Capacity = page.Entries.Count;
        var conditions = new ConditionMessages();
        foreach (var entry in page.Entries)
            response.Entries.Add(entry.ToMessage(conditions));
        return Task.FromResult(response);
    }

    public override Task<GetEntryResponse> GetEntry(GetEntryRequest request, ServerCallContext context)
    {
        Required.Check(("devmap", request.Devmap), ("key", request.Key));
        return Task.FromResult(new GetEntryResponse { Entry = entries.Get(request.Devmap, request.Key).ToMessage() });
    }

    public override async Task<PutEntryResponse> PutEntry(PutEntryRequest request, ServerCallContext context)
    {
        var faults = Required.Find(("devmap", request.Devmap), ("key", request.Key));
        var outcome = await entries.PutAsync(request.Devmap, request.Key, request.ToBody(), faults, context.CancellationToken);
        return new PutEntryResponse { Entry = outcome.View.ToMessage(), Created = outcome.Created };
    }

    public override async Task<DeleteEntryResponse> DeleteEntry(DeleteEntryRequest request, ServerCallContext context)
    {
        Required.Check(("devmap", request.Devmap), ("key", request.Key));
        await entries.DeleteAsync(request.Devmap, request.Key, context.CancellationToken);
        return new DeleteEntryResponse();
    }

    public override Task<ListAttachmentsResponse> ListAttachments(ListAttachmentsRequest request, ServerCallContext context)
    {
        Required.Check(("devmap", request.Devmap));
        var response = new ListAttachmentsResponse();
        foreach (var attachment in attachments.List(request.Devmap))
            response.Attachments.Add(attachment.ToMessage());
        return Task.FromResult(response);
    }

    public override Task<GetAttachmentResponse> GetAttachment(GetAttachmentRequest request, ServerCallContext context)
    {
        Required.Check(("devmap", request.Devmap), ("interface", request.Interface));
        return Task.FromResult(new GetAttachmentResponse
        {
            Attachment = attachments.Get(request.Devmap, request.Interface).ToMessage(),
        });
    }

    public override async Task<PutAttachmentResponse> PutAttachment(PutAttachmentRequest request, ServerCallContext context)
    {
        var faults = Required.Find(("devmap", request.Devmap), ("interface", request.Interface));
        var mode = Texts.OfMode(request.Mode, faults);
        var outcome = await attachments.PutAsync(request.Devmap, request.Interface, mode, faults, context.CancellationToken);
        return new PutAttachmentResponse { Attachment = outcome.View.ToMessage(), Created = outcome.Created };
    }

    public override async Task<DeleteAttachmentResponse> DeleteAttachment(DeleteAttachmentRequest request, ServerCallContext context)
    {
        Required.Check(("devmap", request.Devmap), ("interface", request.Interface));
        await attachments.DeleteAsync(request.Devmap, request.Interface, context.CancellationToken);
        return new DeleteAttachmentResponse();
    }
}
