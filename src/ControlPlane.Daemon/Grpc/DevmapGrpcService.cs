using ControlPlane.Core.Api;
using ControlPlane.Core.Auditing;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Explaining;
using ControlPlane.Core.Watching;
using ControlPlane.Daemon.Hosting;
using Devmapd.V1;
using Grpc.Core;

namespace ControlPlane.Daemon.Grpc;

/// <summary>Devmaps, entries and attachments by gRPC. A singleton, like the services it calls.</summary>
internal sealed class DevmapGrpcService(ControlPlane.Core.Api.DevmapService devmaps, EntryService entries, AttachmentService attachments, AuditService audits, ExplainService explanations, WatchService watches)
    : Devmapd.V1.DevmapService.DevmapServiceBase
{
    /// <summary>Clients refuse messages above 4 MiB unless told otherwise; a page may have fewer entries than asked for.</summary>
    private const int MaxPageBytes = 4 * 1024 * 1024;

    /// <summary>Entries without many labels fit into that in this number; only others are read twice.</summary>
    private const int MostThatUsuallyFit = 5_000;

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

    public override Task<GetDevmapShapeResponse> GetDevmapShape(GetDevmapShapeRequest request, ServerCallContext context)
    {
        Required.Check(("devmap", request.Devmap));
        return Task.FromResult(devmaps.GetShape(request.Devmap).ToMessage());
    }

    public override async Task<AuditDevmapResponse> AuditDevmap(AuditDevmapRequest request, ServerCallContext context)
    {
        Required.Check(("devmap", request.Devmap));
        var report = await audits.AuditAsync(request.Devmap, request.HasRepair ? request.Repair : null, context.CancellationToken);
        return report.ToMessage();
    }

    public override Task<ExplainResponse> Explain(ExplainRequest request, ServerCallContext context)
    {
        var faults = Required.Find(("devmap", request.Devmap));
        return Task.FromResult(new ExplainResponse { Explanation = explanations.Explain(request.Devmap, request.ToQuery(), faults).ToMessage() });
    }

    public override Task<ListEntriesResponse> ListEntries(ListEntriesRequest request, ServerCallContext context)
    {
        var faults = Required.Find(("devmap", request.Devmap));
        var query = request.ToQuery(faults);
        if (query.PageSize is > MostThatUsuallyFit and <= EntryQuery.MaxPageSize)
            query = query with { PageSize = MostThatUsuallyFit };
        var response = Page(request.Devmap, query, faults);
        while (response.CalculateSize() > MaxPageBytes && response.Entries.Count > 1)
            response = Page(request.Devmap, query with { PageSize = response.Entries.Count / 2 }, faults);
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
        var outcome = await entries.PutAsync(request.Devmap, request.Key, request.ToBody(), faults, Preconditions.Of(request.HasExpectedRevision ? request.ExpectedRevision : null, faults), context.CancellationToken);
        return new PutEntryResponse { Entry = outcome.View.ToMessage(), Created = outcome.Created };
    }

    public override async Task<DeleteEntryResponse> DeleteEntry(DeleteEntryRequest request, ServerCallContext context)
    {
        var faults = Required.Find(("devmap", request.Devmap), ("key", request.Key));
        var precondition = Preconditions.Of(request.HasExpectedRevision ? request.ExpectedRevision : null, faults);
        faults.ThrowIfAny();
        await entries.DeleteAsync(request.Devmap, request.Key, precondition, context.CancellationToken);
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
        var outcome = await attachments.PutAsync(request.Devmap, request.Interface, mode, faults, Preconditions.Of(request.HasExpectedRevision ? request.ExpectedRevision : null, faults), context.CancellationToken);
        return new PutAttachmentResponse { Attachment = outcome.View.ToMessage(), Created = outcome.Created };
    }

    public override async Task<DeleteAttachmentResponse> DeleteAttachment(DeleteAttachmentRequest request, ServerCallContext context)
    {
        var faults = Required.Find(("devmap", request.Devmap), ("interface", request.Interface));
        var precondition = Preconditions.Of(request.HasExpectedRevision ? request.ExpectedRevision : null, faults);
        faults.ThrowIfAny();
        await attachments.DeleteAsync(request.Devmap, request.Interface, precondition, context.CancellationToken);
        return new DeleteAttachmentResponse();
    }

    public override async Task Watch(WatchRequest request, IServerStreamWriter<WatchResponse> responseStream, ServerCallContext context)
    {
        var faults = Required.Find(("devmap", request.Devmap));
        var events = watches.Watch(request.Devmap, request.HasRevision ? request.Revision : null, faults, context.CancellationToken);
        context.GetHttpContext().EndSoonAfter(watches.Closed);
        await foreach (var told in events)
            await responseStream.WriteAsync(told.ToMessage(), context.CancellationToken);
    }

    private ListEntriesResponse Page(string devmap, EntryQuery query, Violations faults)
    {
        var page = entries.List(devmap, query, faults);
        var response = new ListEntriesResponse { NextPageToken = page.NextPageToken ?? "", Revision = page.Revision };
        response.Entries.Capacity = page.Entries.Count;
        var conditions = new ConditionMessages();
        foreach (var entry in page.Entries)
            response.Entries.Add(entry.ToMessage(conditions));
        return response;
    }
}
