using System.Globalization;
using System.Text;
using System.Text.Json;
using ControlPlane.FunctionalTests.Scenarios;
using Devmapd.V1;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Google.Rpc;
using Grpc.Core;
using Duration = Google.Protobuf.WellKnownTypes.Duration;

namespace ControlPlane.FunctionalTests.Grpc;

/// <summary>Drives the gRPC face by the scenarios.</summary>
internal sealed class GrpcDriver(ChannelBase channel) : IApiDriver
{
    private const int UnknownEnumValue = 99;
    private static readonly JsonFormatter _formatter = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true));

    private readonly DevmapService.DevmapServiceClient _devmaps = new(channel);
    private readonly ProgramService.ProgramServiceClient _programs = new(channel);
    private readonly ChangeService.ChangeServiceClient _changes = new(channel);
    private readonly LeaseService.LeaseServiceClient _leases = new(channel);
    private readonly StateService.StateServiceClient _states = new(channel);
    private readonly HostService.HostServiceClient _host = new(channel);

    public async Task<Answer> AskAsync(Operation operation, CancellationToken cancellationToken)
    {
        try
        {
            var (message, created) = await CallAsync(operation, cancellationToken);
            using var json = JsonDocument.Parse(_formatter.Format(message));
            return new Answer.Done(created, Facts(json.RootElement));
        }
        catch (RpcException e)
        {
            return Failed(e);
        }
    }

    private async Task<(IMessage Message, bool? Created)> CallAsync(Operation operation, CancellationToken cancellationToken)
    {
        switch (operation)
        {
            case Operation.ListDevmaps:
                return (await _devmaps.ListDevmapsAsync(new(), cancellationToken: cancellationToken), null);
            case Operation.GetDevmap get:
                return ((await _devmaps.GetDevmapAsync(new() { Devmap = get.Devmap }, cancellationToken: cancellationToken)).Devmap, null);
            case Operation.GetDevmapShape shape:
                return (await _devmaps.GetDevmapShapeAsync(new() { Devmap = shape.Devmap }, cancellationToken: cancellationToken), null);
            case Operation.AuditDevmap audit:
                var auditRequest = new AuditDevmapRequest { Devmap = audit.Devmap };
                if (audit.Repair is { } repair)
                    auditRequest.Repair = repair;
                return (await _devmaps.AuditDevmapAsync(auditRequest, cancellationToken: cancellationToken), null);
            case Operation.Explain explain:
                return ((await _devmaps.ExplainAsync(Request(explain), cancellationToken: cancellationToken)).Explanation, null);
            case Operation.PutEntry put:
                var putEntry = await _devmaps.PutEntryAsync(Expecting(Request(put), put), cancellationToken: cancellationToken);
                return (putEntry is { HasWaitSatisfied: true, WaitSatisfied: false } ? putEntry : putEntry.Entry, putEntry.Created);
            case Operation.GetEntry get:
                return ((await _devmaps.GetEntryAsync(new() { Devmap = get.Devmap, Key = get.Key }, cancellationToken: cancellationToken)).Entry, null);
            case Operation.DeleteEntry delete:
                return (await _devmaps.DeleteEntryAsync(Expecting(Claiming(new DeleteEntryRequest { Devmap = delete.Devmap, Key = delete.Key }, delete.Owner, delete.Force), delete), cancellationToken: cancellationToken), null);
            case Operation.ApplyEntries apply:
                return (await _devmaps.ApplyEntriesAsync(Request(apply), cancellationToken: cancellationToken), null);
            case Operation.ReplaceEntries replace:
                return (await _devmaps.ReplaceEntriesAsync(Request(replace), cancellationToken: cancellationToken), null);
            case Operation.WaitEntries wait:
                return (await _devmaps.WaitEntriesAsync(Request(wait), cancellationToken: cancellationToken), null);
            case Operation.ProbeEntry probe:
                var probeRequest = new ProbeEntryRequest { Devmap = probe.Devmap, Key = probe.Key };
                if (probe.Frames is { } frames)
                    probeRequest.Frames = checked((uint)frames);
                return ((await _devmaps.ProbeEntryAsync(probeRequest, cancellationToken: cancellationToken)).Probe, null);
            case Operation.ListEntries list:
                return (await _devmaps.ListEntriesAsync(Request(list), cancellationToken: cancellationToken), null);
            case Operation.ListCounters list:
                return (await _devmaps.ListCountersAsync(Request(list), cancellationToken: cancellationToken), null);
            case Operation.ListAttachments list:
                return (await _devmaps.ListAttachmentsAsync(new() { Devmap = list.Devmap }, cancellationToken: cancellationToken), null);
            case Operation.PutAttachment put:
                var putAttachment = await _devmaps.PutAttachmentAsync(Expecting(Request(put), put), cancellationToken: cancellationToken);
                return (putAttachment.Attachment, putAttachment.Created);
            case Operation.GetAttachment get:
                return ((await _devmaps.GetAttachmentAsync(
                    new() { Devmap = get.Devmap, Interface = get.Interface }, cancellationToken: cancellationToken)).Attachment, null);
            case Operation.DeleteAttachment delete:
                return (await _devmaps.DeleteAttachmentAsync(
                    Expecting(Claiming(new DeleteAttachmentRequest { Devmap = delete.Devmap, Interface = delete.Interface }, delete.Owner, delete.Force), delete), cancellationToken: cancellationToken), null);
            case Operation.ListPrograms:
                return (await _programs.ListProgramsAsync(new(), cancellationToken: cancellationToken), null);
            case Operation.PutProgram put:
                var putProgram = await _programs.PutProgramAsync(Expecting(Request(put), put), cancellationToken: cancellationToken);
                return (putProgram.Program, putProgram.Created);
            case Operation.GetProgram get:
                return ((await _programs.GetProgramAsync(new() { Program = get.Program }, cancellationToken: cancellationToken)).Program, null);
            case Operation.DeleteProgram delete:
                return (await _programs.DeleteProgramAsync(Expecting(Claiming(new DeleteProgramRequest { Program = delete.Program }, delete.Owner, delete.Force), delete), cancellationToken: cancellationToken), null);
            case Operation.SetEgressProgram set:
                var setRequest = new SetEgressProgramRequest { Interface = set.Interface };
                if (set.EgressProgram is not null)
                    setRequest.EgressProgram = set.EgressProgram;
                return (await _programs.SetEgressProgramAsync(Expecting(setRequest, set), cancellationToken: cancellationToken), null);
            case Operation.PutDevmap put:
                var putDevmap = await _devmaps.PutDevmapAsync(
                    Expecting(new PutDevmapRequest { Devmap = put.Devmap, Spec = Spec(put), Force = put.Force ?? false }, put), cancellationToken: cancellationToken);
                return (putDevmap.Devmap, putDevmap.Created);
            case Operation.DeleteDevmap delete:
                return (await _devmaps.DeleteDevmapAsync(
                    Expecting(Claiming(new DeleteDevmapRequest { Devmap = delete.Devmap }, delete.Owner, delete.Force), delete), cancellationToken: cancellationToken), null);
            case Operation.ApplyState apply:
                return (await _states.ApplyStateAsync(Request(apply), cancellationToken: cancellationToken), null);
            case Operation.ListLeases:
                return (await _leases.ListLeasesAsync(new(), cancellationToken: cancellationToken), null);
            case Operation.GetLease get:
                return ((await _leases.GetLeaseAsync(new() { Lease = get.Lease }, cancellationToken: cancellationToken)).Lease, null);
            case Operation.PutLease put:
                var putLease = await _leases.PutLeaseAsync(Expecting(Request(put), put), cancellationToken: cancellationToken);
                return (putLease.Lease, putLease.Created);
            case Operation.DeleteLease delete:
                return (await _leases.DeleteLeaseAsync(
                    Expecting(Claiming(new DeleteLeaseRequest { Lease = delete.Lease }, delete.Owner, delete.Force), delete), cancellationToken: cancellationToken), null);
            case Operation.KeepAlive keep:
                return (await _leases.KeepAliveAsync(new() { Lease = keep.Lease }, cancellationToken: cancellationToken), null);
            case Operation.ListChanges list:
                return (await _changes.ListChangesAsync(Request(list), cancellationToken: cancellationToken), null);
            case Operation.RevertChange revert:
                return ((await _changes.RevertChangeAsync(
                    new() { Revision = revert.Revision, Force = revert.Force ?? false, DryRun = revert.DryRun ?? false }, cancellationToken: cancellationToken)).Outcome, null);
            case Operation.RevertState revert:
                var revertRequest = new RevertStateRequest { DryRun = revert.DryRun ?? false };
                if (revert.Revision is { } revision)
                    revertRequest.Revision = revision;
                return ((await _changes.RevertStateAsync(revertRequest, cancellationToken: cancellationToken)).Outcome, null);
            case Operation.ListInterfaces:
                return (await _host.ListInterfacesAsync(new(), cancellationToken: cancellationToken), null);
            case Operation.GetInterface get:
                return ((await _host.GetInterfaceAsync(new() { Interface = get.Interface }, cancellationToken: cancellationToken)).Interface, null);
            case Operation.GetHost:
                return ((await _host.GetHostAsync(new(), cancellationToken: cancellationToken)).Host, null);
            default:
                throw new ArgumentOutOfRangeException(nameof(operation), operation, "not a call of the contract");
        }
    }

    private static T Expecting<T>(T request, Operation operation) where T : IMessage
    {
        if (operation.ExpectedRevision is { } revision)
            request.Descriptor.FindFieldByName("expected_revision").Accessor.SetValue(request, revision);
        return request;
    }

    private static T Claiming<T>(T request, string? owner, bool? force) where T : IMessage
    {
        if (owner is not null)
            request.Descriptor.FindFieldByName("owner").Accessor.SetValue(request, owner);
        request.Descriptor.FindFieldByName("force").Accessor.SetValue(request, force ?? false);
        return request;
    }

    private static ApplyEntriesRequest Request(Operation.ApplyEntries apply)
    {
        var request = new ApplyEntriesRequest { Mode = apply.Mode is null ? default : Enum.Parse<BatchMode>(apply.Mode, ignoreCase: true), IdempotencyKey = apply.IdempotencyKey ?? "", Force = apply.Force ?? false };
        (request.Wait, request.Timeout) = (Value<WaitState>(apply.Wait), DurationOf(apply.Timeout));
        foreach (var item in apply.Items)
        {
            var added = new BatchItem();
            if (item is Operation.PutEntry put)
                added.Put = new() { Devmap = put.Devmap, Key = put.Key, Spec = Request(put).Spec };
            else if (item is Operation.DeleteEntry delete)
                added.Delete = Of(delete);
            if (item.ExpectedRevision is { } revision && added.Put is not null)
                added.Put.ExpectedRevision = revision;
            else if (item.ExpectedRevision is { } expected)
                added.Delete.ExpectedRevision = expected;
            request.Items.Add(added);
        }

        return request;
    }

    private static BatchDelete Of(Operation.DeleteEntry delete)
    {
        var message = new BatchDelete { Devmap = delete.Devmap, Key = delete.Key };
        if (delete.Owner is not null)
            message.Owner = delete.Owner;
        return message;
    }

    private static ReplaceEntriesRequest Request(Operation.ReplaceEntries replace)
    {
        var request = new ReplaceEntriesRequest
        {
            Devmap = replace.Devmap,
            Label = { replace.Labels ?? [] },
            AllowPending = replace.AllowPending ?? false,
            DryRun = replace.DryRun ?? false,
            Force = replace.Force ?? false,
            Mode = Value<ReplaceMode>(replace.Mode),
            Wait = Value<WaitState>(replace.Wait),
            Timeout = DurationOf(replace.Timeout),
        };
        if (replace.Owner is not null)
            request.Owner = replace.Owner;
        if (replace.AllowDeletions is { } deletions)
            request.AllowDeletions = checked((int)deletions);
        foreach (var item in replace.Items)
        {
            var entry = new DesiredEntry { Key = item.Key, Spec = Request(item).Spec };
            if (item.ExpectedRevision is { } revision)
                entry.ExpectedRevision = revision;
            request.Entries.Add(entry);
        }

        return request;
    }

    private static PutEntryRequest Request(Operation.PutEntry put)
    {
        var request = new PutEntryRequest
        {
            Devmap = put.Devmap,
            Key = put.Key,
            Spec = new() { Interface = put.Interface ?? "" },
            AllowPending = put.AllowPending ?? false,
            Wait = Value<WaitState>(put.Wait),
            Timeout = DurationOf(put.Timeout),
            Force = put.Force ?? false,
        };
        if (put.EgressProgram is not null)
            request.Spec.EgressProgram = put.EgressProgram;
        if (put.Owner is not null)
            request.Spec.Owner = put.Owner;
        if (put.Actions is not null)
            request.Spec.Actions = Of(put.Actions);
        if (put.Lease is not null)
            request.Spec.Lease = put.Lease;
        request.Spec.OnInterfaceGone = Value<OnInterfaceGone>(put.OnInterfaceGone);
        if (put.DeleteAfterSeconds is { } after)
            request.Spec.DeleteAfter = Duration.FromTimeSpan(TimeSpan.FromSeconds(after));
        Add(put.Labels, request.Spec.Labels);
        return request;
    }

    private static ListChangesRequest Request(Operation.ListChanges list)
    {
        var request = new ListChangesRequest { Order = Value<ChangeOrder>(list.Order) };
        if (list.SinceTime is not null)
            request.SinceTime = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(DateTimeOffset.Parse(list.SinceTime, CultureInfo.InvariantCulture));
        foreach (var (name, value) in new (string, object?)[]
        {
            ("devmap", list.Devmap), ("page_size", list.PageSize), ("key", list.Key), ("owner", list.Owner), ("actor", list.Actor),
            ("since_revision", list.SinceRevision), ("until_revision", list.UntilRevision),
        })
        {
            if (value is not null)
                ListChangesRequest.Descriptor.FindFieldByName(name).Accessor.SetValue(request, value);
        }

        return request;
    }

    private static WaitEntriesRequest Request(Operation.WaitEntries wait)
    {
        var request = new WaitEntriesRequest
        {
            Devmap = { wait.Devmaps }, Label = { wait.Labels ?? [] }, State = Value<WaitState>(wait.State), Timeout = DurationOf(wait.Timeout),
        };
        if (wait.Owner is not null)
            request.Owner = wait.Owner;
        if (wait.Revision is { } revision)
            request.Revision = revision;
        return request;
    }

    private static Duration? DurationOf(string? text) => text is null ? null : Duration.Parser.ParseJson($"\"{text}\"");

    private static EntryActions Of(Operation.EntryActions actions)
    {
        var message = new EntryActions { PopVlan = actions.PopVlan ?? false, DecrementTtl = actions.DecrementTtl ?? false };
        if (actions.SourceMac is not null)
            message.SourceMac = actions.SourceMac;
        if (actions.DestinationMac is not null)
            message.DestinationMac = actions.DestinationMac;
        if (actions.SetVlan is { } set)
            message.SetVlan = checked((uint)set);
        if (actions.PushVlan is { } push)
            message.PushVlan = checked((uint)push);
        return message;
    }

    private static PutAttachmentRequest Request(Operation.PutAttachment put)
    {
        var request = new PutAttachmentRequest
        {
            Devmap = put.Devmap,
            Interface = put.Interface,
            Spec = new() { Mode = Value<AttachMode>(put.Mode), Promiscuous = Value<Promiscuous>(put.Promiscuous) },
            AllowPending = put.AllowPending ?? false,
            Force = put.Force ?? false,
        };
        if (put.Owner is not null)
            request.Spec.Owner = put.Owner;
        if (put.Lease is not null)
            request.Spec.Lease = put.Lease;
        Add(put.Labels, request.Spec.Labels);
        return request;
    }

    private static DevmapSpec Spec(Operation.PutDevmap put)
    {
        var spec = new DevmapSpec
        {
            MaxEntries = (uint)(put.MaxEntries ?? 0),
            ValueSize = (uint)(put.ValueSize ?? 0),
            Counters = put.Counters ?? true,
            KeySelector = put.KeySelector switch
            {
                null => KeySelector.Unspecified,
                "ingressInterface" => KeySelector.IngressInterface,
                "vlan" => KeySelector.Vlan,
                "ipv4Destination" => KeySelector.Ipv4Destination,
                _ => (KeySelector)99,
            },
            MissAction = put.MissAction switch { null => MissAction.Unspecified, "pass" => MissAction.Pass, "drop" => MissAction.Drop, "abort" => MissAction.Abort, _ => (MissAction)99 },
        };
        if (put.NumaNode is { } node)
            spec.NumaNode = (uint)node;
        if (put.Owner is not null)
            spec.Owner = put.Owner;
        Add(put.Labels, spec.Labels);
        return spec;
    }

    private static ApplyStateRequest Request(Operation.ApplyState apply)
    {
        var request = new ApplyStateRequest
        {
            Spec = new StateDocument
            {
                Devmaps = { apply.Devmaps.Select(d => new DesiredDevmap { Name = d.Devmap, Spec = Spec(d) }) },
                Entries = { apply.Entries.Select(e => new StateEntry { Devmap = e.Devmap, Key = e.Key, Spec = Request(e).Spec }) },
            },
            DryRun = apply.DryRun ?? false,
        };
        if (apply.AllowDeletions is { } most)
            request.AllowDeletions = (int)most;
        return request;
    }

    private static PutLeaseRequest Request(Operation.PutLease put)
    {
        var request = new PutLeaseRequest { Lease = put.Lease, Spec = new(), Force = put.Force ?? false };
        if (put.TtlSeconds is { } ttl)
            request.Spec.Ttl = Duration.FromTimeSpan(TimeSpan.FromSeconds(ttl));
        if (put.Owner is not null)
            request.Spec.Owner = put.Owner;
        Add(put.Labels, request.Spec.Labels);
        return request;
    }

    private static void Add(IReadOnlyDictionary<string, string>? labels, MapField<string, string> field)
    {
        foreach (var (name, value) in labels ?? new Dictionary<string, string>())
            field.Add(name, value);
    }

    private static ListCountersRequest Request(Operation.ListCounters list)
    {
        var request = new ListCountersRequest { Devmap = list.Devmap, PageToken = list.PageToken ?? "" };
        if (list.PageSize is { } size)
            request.PageSize = size;
        if (list.Interface is not null)
            request.Interface = list.Interface;
        if (list.Owner is not null)
            request.Owner = list.Owner;
        return request;
    }

    private static ListEntriesRequest Request(Operation.ListEntries list)
    {
        var request = new ListEntriesRequest
        {
            Devmap = list.Devmap,
            PageToken = list.PageToken ?? "",
            State = Value<EntryState>(list.State),
            Label = { list.Labels ?? [] },
            View = Value<EntryView>(list.View),
        };
        if (list.Owner is not null)
            request.Owner = list.Owner;
        if (list.PageSize is { } size)
            request.PageSize = size;
        if (list.Interface is not null)
            request.Interface = list.Interface;
        if (list.EgressProgram is not null)
            request.EgressProgram = list.EgressProgram;
        return request;
    }

    private static PutProgramRequest Request(Operation.PutProgram put)
    {
        var parameters = new EgressProgramParameters();
        if (put.SourceMac is not null)
            parameters.SourceMac = put.SourceMac;
        if (put.DestinationMac is not null)
            parameters.DestinationMac = put.DestinationMac;
        if (put.VlanId is { } vlan)
            parameters.VlanId = checked((uint)vlan);
        var request = new PutProgramRequest { Program = put.Program, Force = put.Force ?? false, Spec = new() { Template = Value<EgressTemplate>(put.Template), Parameters = parameters } };
        if (put.Owner is not null)
            request.Spec.Owner = put.Owner;
        Add(put.Labels, request.Spec.Labels);
        return request;
    }

    private static ExplainRequest Request(Operation.Explain explain)
    {
        var request = new ExplainRequest { Devmap = explain.Devmap };
        if (explain.Key is not null)
            request.Key = explain.Key;
        if (explain.Ingress is not null)
            request.Ingress = explain.Ingress;
        if (explain.Vlan is { } vlan)
            request.Vlan = checked((uint)vlan);
        if (explain.Destination is not null)
            request.Dst = explain.Destination;
        if (explain.Length is { } length)
            request.Length = checked((uint)length);
        if (explain.Ttl is { } ttl)
            request.Ttl = checked((uint)ttl);
        return request;
    }

    /// <summary>The enum value of REST's text; a text that has none is sent as a number that no value has.</summary>
    private static T Value<T>(string? text) where T : struct, Enum
    {
        if (text is null)
            return default;
        return Enum.TryParse<T>(text, ignoreCase: true, out var value)
            ? value
            : (T)Enum.ToObject(typeof(T), UnknownEnumValue);
    }

    private static Dictionary<string, string?> Facts(JsonElement json)
    {
        var facts = Answer.Flatten(json);
        if (facts.GetValueOrDefault("nextPageToken") == "")
            facts.Remove("nextPageToken");
        return facts.ToDictionary(f => f.Key, f => RestText(f.Value));
    }

    /// <summary>An enum value as REST writes it.</summary>
    private static string? RestText(string? value) => value switch
    {
        null => null,
        _ when Strip(value, "ENTRY_STATE_", "ATTACHMENT_STATE_", "CONDITION_STATUS_") is { } state => Words(state, first: true),
        // Durations of protobuf have three, six or nine decimals.
        _ when RestDuration(value) is { } duration => duration,
        _ when Strip(value, "KEY_SELECTOR_", "MISS_ACTION_", "ATTACH_MODE_", "XDP_FEATURE_", "EXPLAIN_OUTCOME_", "EGRESS_TEMPLATE_", "DRIFT_KIND_", "DROP_CAUSE_", "ENSURE_TARGETS_", "COMPLETE_CHECKSUMS_", "PROMISCUOUS_", "REDIRECT_PEER_", "ITEM_OUTCOME_", "PLANNED_ACTION_", "ON_INTERFACE_GONE_", "CHANGED_KIND_") is { } name =>
            Words(name, first: false),
        _ => value,
    };

    private static string? RestDuration(string value) => value is [.. var seconds, 's'] && decimal.TryParse(seconds, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
        ? string.Create(CultureInfo.InvariantCulture, $"{number:0.#######}s")
        : null;

    private static string? Strip(string value, params string[] prefixes) =>
        prefixes.FirstOrDefault(p => value.StartsWith(p, StringComparison.Ordinal)) is { } prefix ? value[prefix.Length..] : null;

    private static string Words(string name, bool first) =>
        string.Concat(name.Split('_').Select((w, i) => i == 0 && !first
            ? w.ToLowerInvariant()
            : w[..1] + w[1..].ToLowerInvariant()));

    private static Answer.Failed Failed(RpcException e)
    {
        var status = e.GetRpcStatus();
        var info = status?.GetDetail<ErrorInfo>();
        return new Answer.Failed(
            info?.Reason ?? e.ToString(),
            status?.Message,
            [.. status?.GetDetail<BadRequest>()?.FieldViolations.Select(v => RestPath(v.Field)) ?? []],
            info is not null && info.Metadata.TryGetValue("errno", out var errno) ? int.Parse(errno, CultureInfo.InvariantCulture) : null,
            status?.GetDetail<Remedy>()?.Summary,
            status?.GetDetail<RetryInfo>() is not null);
    }

    /// <summary>REST's body is the spec, so its paths begin there.</summary>
    private static string RestPath(string path)
    {
        if (path.StartsWith("spec.", StringComparison.Ordinal))
            path = path["spec.".Length..];
        if (path.StartsWith("labels.", StringComparison.Ordinal))
            return path;
        var text = new StringBuilder();
        for (var i = 0; i < path.Length; i++)
            text.Append(path[i] == '_' ? char.ToUpperInvariant(path[++i]) : path[i]);
        return text.ToString();
    }
}
