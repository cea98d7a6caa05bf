using ControlPlane.Core.Api;
using ControlPlane.Core.Auditing;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Explaining;
using ControlPlane.Core.Fairness;
using ControlPlane.Core.Watching;
using ControlPlane.Daemon.Hosting;
using Devmapd.V1;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ControlPlane.Daemon.Api.Grpc;

/// <summary>The devmap calls of the contract. A singleton, as the services behind it.</summary>
internal sealed class DevmapGrpcService(
    Core.Api.DevmapService devmaps, EntryService entries, AttachmentService attachments, AuditService audits, ExplainService explanations, WatchService watches,
    ProbeService probes, BatchService batches, TableService tables, ConfirmationService confirmations, WaitService waits, PageGate pages)
    : Devmapd.V1.DevmapService.DevmapServiceBase
{
    private static readonly Messages Messages = new();

    public override Task<ListDevmapsResponse> ListDevmaps(ListDevmapsRequest request, ServerCallContext context) =>
        Task.FromResult(new ListDevmapsResponse { Devmaps = { devmaps.List(context.Request()).Select(Messages.Of) } });

    public override Task<GetDevmapResponse> GetDevmap(GetDevmapRequest request, ServerCallContext context)
    {
        return Task.FromResult(new GetDevmapResponse { Devmap = Messages.Of(devmaps.Get(request.Devmap, context.Request())) });
    }

    public override async Task<PutDevmapResponse> PutDevmap(PutDevmapRequest request, ServerCallContext context)
    {
        var call = context.Request();
        var outcome = await devmaps.PutAsync(request.Devmap, request.Spec.ToSpec(call.Violations), call, request.Force);
        return new PutDevmapResponse { Devmap = Messages.Of(outcome.View), Created = outcome.Created };
    }

    public override async Task<DeleteDevmapResponse> DeleteDevmap(DeleteDevmapRequest request, ServerCallContext context)
    {
        var call = context.Request();
        await devmaps.DeleteAsync(request.Devmap, request.HasOwner ? request.Owner : null, request.Force, call);
        return new DeleteDevmapResponse();
    }

    public override Task<GetDevmapShapeResponse> GetDevmapShape(GetDevmapShapeRequest request, ServerCallContext context)
    {
        return Task.FromResult(Messages.Of(devmaps.GetShape(request.Devmap, context.Request())));
    }

    public override async Task<AuditDevmapResponse> AuditDevmap(AuditDevmapRequest request, ServerCallContext context)
    {
        var call = context.Request();
        return Messages.Of(await audits.AuditAsync(request.Devmap, request.HasRepair ? request.Repair : null, call));
    }

    public override Task<ExplainResponse> Explain(ExplainRequest request, ServerCallContext context) => Task.FromResult(new ExplainResponse
    {
        Explanation = Messages.Of(explanations.Explain(request.Devmap, request.ToQuery(), context.Request())),
    });

    public override Task<ListEntriesResponse> ListEntries(ListEntriesRequest request, ServerCallContext context)
    {
        var call = context.Request();
        var page = entries.List(request.Devmap, request.ToQuery(call.Violations), call);
        return Task.FromResult(new ListEntriesResponse
        {
            Entries = { page.Entries.Select(new Messages(shares: true).Of) },
            NextPageToken = page.NextPageToken ?? "",
            Revision = page.Revision,
        });
    }

    public override async Task StreamEntries(StreamEntriesRequest request, IServerStreamWriter<StreamEntriesResponse> responseStream, ServerCallContext context)
    {
        var call = context.Request();
        var query = request.ToQuery(call.Violations);
        context.GetHttpContext().EndSoonAfter(watches.Closed);
        do
        {
            var page = await ReadAsync().UntilAsync(watches.Closed);
            var messages = new Messages(shares: true);
            await responseStream.WriteAsync(new StreamEntriesResponse { Entries = { page.Entries.Select(messages.Of) }, Revision = page.Revision }, context.CancellationToken);
            query = query with { PageToken = page.NextPageToken };
        }
        while (query.PageToken is not null);

        // A client that reads slowly holds no place.
        async Task<EntryList> ReadAsync()
        {
            using var place = await pages.EnterAsync(call.Caller.Account, context.CancellationToken);
            return entries.List(request.Devmap, query, call);
        }
    }

    public override Task<ListCountersResponse> ListCounters(ListCountersRequest request, ServerCallContext context)
    {
        var call = context.Request();
        var page = entries.ListCounters(request.Devmap, request.ToQuery(call.Violations), call);
        return Task.FromResult(Messages.Of(page));
    }

    public override Task<GetEntryResponse> GetEntry(GetEntryRequest request, ServerCallContext context)
    {
        return Task.FromResult(new GetEntryResponse { Entry = Messages.Of(entries.Get(request.Devmap, request.Key, context.Request())) });
    }

    public override async Task<PutEntryResponse> PutEntry(PutEntryRequest request, ServerCallContext context)
    {
        var call = context.Request();
        var (spec, wait) = (request.Spec.ToSpec(call.Violations), Requests.ToWait(request.Wait, request.Timeout, call.Violations));
        return Messages.Of(await entries.PutAsync(request.Devmap, request.Key, spec, request.AllowPending, call, wait, request.Force));
    }

    public override async Task<DeleteEntryResponse> DeleteEntry(DeleteEntryRequest request, ServerCallContext context)
    {
        var call = context.Request();
        await entries.DeleteAsync(request.Devmap, request.Key, request.HasOwner ? request.Owner : null, request.Force, call);
        return new DeleteEntryResponse();
    }

    public override async Task<ApplyEntriesResponse> ApplyEntries(ApplyEntriesRequest request, ServerCallContext context)
    {
        var call = context.Request();
        var (batch, wait) = (request.ToBatch(call.Violations), Requests.ToWait(request.Wait, request.Timeout, call.Violations));
        return Messages.Of(
            await batches.ApplyAsync(batch, request.AllowPending, request.IdempotencyKey, call, wait, written: request.Items.Clear, request.Force));
    }

    public override async Task WriteEntries(
        IAsyncStreamReader<WriteEntriesRequest> requestStream, IServerStreamWriter<WriteEntriesResponse> responseStream, ServerCallContext context)
    {
        context.GetHttpContext().EndSoonAfter(watches.Closed);
        var next = requestStream.MoveNext(context.CancellationToken);
        while (await next.UntilAsync(watches.Closed))
        {
            var (request, call) = (requestStream.Current, RequestInterceptor.Of(requestStream.Current, context));
            next = requestStream.MoveNext(context.CancellationToken);
            var outcome = await batches.ApplyAsync(request.ToBatch(call.Violations), request.AllowPending, idempotencyKey: null, call, force: request.Force);
            await responseStream.WriteAsync(Messages.OfMessage(outcome), context.CancellationToken);
        }
    }

    public override async Task<ReplaceEntriesResponse> ReplaceEntries(ReplaceEntriesRequest request, ServerCallContext context)
    {
        var call = context.Request();
        var (table, wait) = (request.ToTable(call.Violations), Requests.ToWait(request.Wait, request.Timeout, call.Violations));
        return new Messages(shares: true).Of(
            await tables.ReplaceAsync(request.Devmap, table, request.ToOptions(call.Violations), call, wait, written: request.Entries.Clear));
    }

    public override async Task<ConfirmEntriesResponse> ConfirmEntries(ConfirmEntriesRequest request, ServerCallContext context) =>
        new() { Confirmation = Messages.Of(await confirmations.ConfirmAsync(request.Devmap, context.Request())) };

    public override async Task<CancelEntriesResponse> CancelEntries(CancelEntriesRequest request, ServerCallContext context) =>
        new() { Confirmation = Messages.Of(await confirmations.CancelAsync(request.Devmap, context.Request())) };

    public override async Task<WaitEntriesResponse> WaitEntries(WaitEntriesRequest request, ServerCallContext context)
    {
        var call = context.Request();
        return new Messages(shares: true).Of(
            await waits.WaitAsync(request.ToQuery(), Requests.ToWait(request.State, request.Timeout, call.Violations, "state"), call));
    }

    public override async Task<ProbeEntryResponse> ProbeEntry(ProbeEntryRequest request, ServerCallContext context) => new()
    {
        Probe = Messages.Of(await probes.ProbeAsync(request.Devmap, request.Key, request.HasFrames ? request.Frames : null, context.Request())),
    };

    public override Task<ListAttachmentsResponse> ListAttachments(ListAttachmentsRequest request, ServerCallContext context)
    {
        return Task.FromResult(new ListAttachmentsResponse { Attachments = { attachments.List(request.Devmap, context.Request()).Select(Messages.Of) } });
    }

    public override Task<GetAttachmentResponse> GetAttachment(GetAttachmentRequest request, ServerCallContext context)
    {
        return Task.FromResult(new GetAttachmentResponse { Attachment = Messages.Of(attachments.Get(request.Devmap, request.Interface, context.Request())) });
    }

    public override async Task<PutAttachmentResponse> PutAttachment(PutAttachmentRequest request, ServerCallContext context)
    {
        var call = context.Request();
        var outcome = await attachments.PutAsync(
            request.Devmap, request.Interface, request.Spec.ToSpec(call.Violations), request.AllowPending, call, request.Force);
        return new PutAttachmentResponse { Attachment = Messages.Of(outcome.View), Created = outcome.Created };
    }

    public override async Task<DeleteAttachmentResponse> DeleteAttachment(DeleteAttachmentRequest request, ServerCallContext context)
    {
        var call = context.Request();
        await attachments.DeleteAsync(request.Devmap, request.Interface, request.HasOwner ? request.Owner : null, request.Force, call);
        return new DeleteAttachmentResponse();
    }

    public override async Task Watch(WatchRequest request, IServerStreamWriter<WatchResponse> responseStream, ServerCallContext context)
    {
        var call = context.Request();
        var events = watches.Watch(request.Devmap, request.HasRevision ? request.Revision : null, request.ToQuery(call.Violations), call);
        context.GetHttpContext().EndSoonAfter(watches.Closed);
        await foreach (var happened in events)
            await responseStream.WriteAsync(Messages.Of(happened), context.CancellationToken);
    }

    public override async Task WatchDevmaps(WatchDevmapsRequest request, IServerStreamWriter<WatchDevmapsResponse> responseStream, ServerCallContext context)
    {
        var call = context.Request();
        var events = watches.WatchAll(request.Devmap, request.HasRevision ? request.Revision : null, request.ToQuery(call.Violations), call);
        context.GetHttpContext().EndSoonAfter(watches.Closed);
        await foreach (var happened in events)
        {
            var message = new WatchDevmapsResponse { Event = Messages.Of(happened) };
            if (happened.Devmap is not null)
                message.Devmap = happened.Devmap;
            await responseStream.WriteAsync(message, context.CancellationToken);
        }
    }
}

/// <summary>The program calls of the contract.</summary>
internal sealed class ProgramGrpcService(Core.Api.ProgramService programs) : Devmapd.V1.ProgramService.ProgramServiceBase
{
    private static readonly Messages Messages = new();

    public override Task<ListProgramsResponse> ListPrograms(ListProgramsRequest request, ServerCallContext context) =>
        Task.FromResult(new ListProgramsResponse { Programs = { programs.List(context.Request()).Select(Messages.Of) } });

    public override Task<GetProgramResponse> GetProgram(GetProgramRequest request, ServerCallContext context)
    {
        return Task.FromResult(new GetProgramResponse { Program = Messages.Of(programs.Get(request.Program, context.Request())) });
    }

    public override async Task<PutProgramResponse> PutProgram(PutProgramRequest request, ServerCallContext context)
    {
        var call = context.Request();
        var outcome = await programs.PutAsync(
            request.Program, request.Spec.ToSpec(call.Violations), call, request.Force);
        return new PutProgramResponse { Program = Messages.Of(outcome.View), Created = outcome.Created };
    }

    public override async Task<DeleteProgramResponse> DeleteProgram(DeleteProgramRequest request, ServerCallContext context)
    {
        var call = context.Request();
        await programs.DeleteAsync(request.Program, request.HasOwner ? request.Owner : null, request.Force, call);
        return new DeleteProgramResponse();
    }

    public override async Task<SetEgressProgramResponse> SetEgressProgram(SetEgressProgramRequest request, ServerCallContext context)
    {
        var call = context.Request();
        return Messages.Of(await programs.SetOfInterfaceAsync(
            request.Interface, request.HasEgressProgram ? request.EgressProgram : null, call));
    }
}

/// <summary>The lease calls of the contract.</summary>
internal sealed class LeaseGrpcService(Core.Api.LeaseService leases, WatchService watches) : Devmapd.V1.LeaseService.LeaseServiceBase
{
    private static readonly Messages Messages = new();

    public override Task<ListLeasesResponse> ListLeases(ListLeasesRequest request, ServerCallContext context) =>
        Task.FromResult(new ListLeasesResponse { Leases = { leases.List(context.Request()).Select(Messages.Of) } });

    public override Task<GetLeaseResponse> GetLease(GetLeaseRequest request, ServerCallContext context) =>
        Task.FromResult(new GetLeaseResponse { Lease = Messages.Of(leases.Get(request.Lease, context.Request())) });

    public override async Task<PutLeaseResponse> PutLease(PutLeaseRequest request, ServerCallContext context)
    {
        var call = context.Request();
        var outcome = await leases.PutAsync(request.Lease, request.Spec.ToSpec(call.Violations), call, request.Force);
        return new PutLeaseResponse { Lease = Messages.Of(outcome.View), Created = outcome.Created };
    }

    public override async Task<DeleteLeaseResponse> DeleteLease(DeleteLeaseRequest request, ServerCallContext context)
    {
        await leases.DeleteAsync(request.Lease, request.HasOwner ? request.Owner : null, request.Force, context.Request());
        return new DeleteLeaseResponse();
    }

    public override Task<KeepAliveResponse> KeepAlive(KeepAliveRequest request, ServerCallContext context) =>
        Task.FromResult(Messages.Of(leases.KeepAlive(request.Lease, context.Request())));

    // A lease that has ended ends no stream: it carries others too.
    public override async Task KeepAliveStream(
        IAsyncStreamReader<KeepAliveStreamRequest> requestStream, IServerStreamWriter<KeepAliveStreamResponse> responseStream, ServerCallContext context)
    {
        context.GetHttpContext().EndSoonAfter(watches.Closed);
        while (await requestStream.MoveNext(context.CancellationToken).UntilAsync(watches.Closed))
            await responseStream.WriteAsync(Keep(requestStream.Current, context), context.CancellationToken);
    }

    private KeepAliveStreamResponse Keep(KeepAliveStreamRequest request, ServerCallContext context)
    {
        var answer = new KeepAliveStreamResponse { Lease = request.Lease };
        try
        {
            answer.ExpireTime = Timestamp.FromDateTimeOffset(leases.KeepAlive(request.Lease, RequestInterceptor.Of(request, context)).ExpireTime);
        }
        catch (ControlPlaneException e) when (e.Error.Code is ErrorCode.LeaseNotFound)
        {
            answer.Error = new() { Code = e.Error.Code.Text(), Detail = e.Error.Detail, Resource = e.Error.Resource };
        }

        return answer;
    }
}

/// <summary>The token calls of the contract.</summary>
internal sealed class TokenGrpcService(Core.Api.TokenService tokens) : Devmapd.V1.TokenService.TokenServiceBase
{
    private static readonly Messages Messages = new();

    public override Task<ListTokensResponse> ListTokens(ListTokensRequest request, ServerCallContext context) =>
        Task.FromResult(new ListTokensResponse { Tokens = { tokens.List(context.Request()).Select(Messages.Of) } });

    public override Task<GetTokenResponse> GetToken(GetTokenRequest request, ServerCallContext context) =>
        Task.FromResult(new GetTokenResponse { Token = Messages.Of(tokens.Get(request.Token, context.Request())) });

    public override async Task<CreateTokenResponse> CreateToken(CreateTokenRequest request, ServerCallContext context)
    {
        var call = context.Request();
        return Messages.Of(await tokens.CreateAsync(request.ToRequest(call.Violations), call));
    }

    public override async Task<DeleteTokenResponse> DeleteToken(DeleteTokenRequest request, ServerCallContext context)
    {
        await tokens.DeleteAsync(request.Token, context.Request());
        return new DeleteTokenResponse();
    }
}

/// <summary>The calls of the history.</summary>
internal sealed class ChangeGrpcService(Core.Api.ChangeService changes, RevertService reversals) : Devmapd.V1.ChangeService.ChangeServiceBase
{
    private static readonly Messages Messages = new();

    public override Task<ListChangesResponse> ListChanges(ListChangesRequest request, ServerCallContext context)
    {
        var call = context.Request();
        return Task.FromResult(Messages.Of(changes.List(request.ToQuery(call.Violations), call)));
    }

    public override async Task<RevertChangeResponse> RevertChange(RevertChangeRequest request, ServerCallContext context) =>
        new() { Outcome = Messages.Of(await reversals.RevertChangeAsync(request.Revision, request.Force, request.DryRun, context.Request())) };

    public override async Task<RevertStateResponse> RevertState(RevertStateRequest request, ServerCallContext context) =>
        new() { Outcome = Messages.Of(await reversals.RevertStateAsync(request.HasRevision ? request.Revision : null, request.DryRun, context.Request())) };
}

/// <summary>The calls of the whole desired state.</summary>
internal sealed class StateGrpcService(Core.Api.StateService states, WatchService watches) : Devmapd.V1.StateService.StateServiceBase
{
    // A part with a little of each kind stays far below the 4 MiB that every client accepts.
    private const int BytesOfPart = 256 * 1024;

    private static readonly Messages Messages = new();

    public override async Task ExportState(ExportStateRequest request, IServerStreamWriter<ExportStateResponse> responseStream, ServerCallContext context)
    {
        var document = states.Export(context.Request());
        context.GetHttpContext().EndSoonAfter(watches.Closed);
        var part = new Devmapd.V1.StateDocument();
        await SendAsync(document.Devmaps.Select(Messages.Of), d => d.Devmaps);
        await SendAsync(document.Programs.Select(Messages.Of), d => d.Programs);
        await SendAsync(document.Leases.Select(Messages.Of), d => d.Leases);
        await SendAsync(document.Attachments.Select(Messages.Of), d => d.Attachments);
        await SendAsync(document.Entries.Select(Messages.Of), d => d.Entries);
        await responseStream.WriteAsync(new ExportStateResponse { Part = part }, context.CancellationToken);

        async Task SendAsync<T>(IEnumerable<T> items, Func<Devmapd.V1.StateDocument, RepeatedField<T>> list)
            where T : IMessage
        {
            var bytes = 0;
            foreach (var item in items)
            {
                list(part).Add(item);
                bytes += item.CalculateSize();
                if (bytes < BytesOfPart)
                    continue;
                await responseStream.WriteAsync(new ExportStateResponse { Part = part }, context.CancellationToken);
                (part, bytes) = (new Devmapd.V1.StateDocument(), 0);
            }
        }
    }

    public override async Task<ApplyStateResponse> ApplyState(ApplyStateRequest request, ServerCallContext context)
    {
        var call = context.Request();
        return Messages.Of(await states.ApplyAsync(request.Spec.ToDocument(call.Violations), request.DryRun, request.HasAllowDeletions ? request.AllowDeletions : null, call));
    }
}

/// <summary>The host calls of the contract.</summary>
internal sealed class HostGrpcService(Core.Api.HostService host, InterfaceService interfaces) : Devmapd.V1.HostService.HostServiceBase
{
    private static readonly Messages Messages = new();

    public override Task<GetHostResponse> GetHost(GetHostRequest request, ServerCallContext context) =>
        Task.FromResult(new GetHostResponse { Host = Messages.Of(host.Get(context.Request())) });

    public override Task<ListInterfacesResponse> ListInterfaces(ListInterfacesRequest request, ServerCallContext context) =>
        Task.FromResult(new ListInterfacesResponse { Interfaces = { interfaces.List(context.Request()).Select(Messages.Of) } });

    public override Task<GetInterfaceResponse> GetInterface(GetInterfaceRequest request, ServerCallContext context)
    {
        return Task.FromResult(new GetInterfaceResponse { Interface = Messages.Of(interfaces.Get(request.Interface, context.Request())) });
    }
}
