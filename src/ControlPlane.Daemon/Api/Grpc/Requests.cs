using System.Globalization;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Explaining;
using ControlPlane.Core.Model;
using ControlPlane.Core.Waiting;
using ControlPlane.Core.Watching;
using Duration = Google.Protobuf.WellKnownTypes.Duration;
using Timestamp = Google.Protobuf.WellKnownTypes.Timestamp;
using V1 = Devmapd.V1;

namespace ControlPlane.Daemon.Api.Grpc;

/// <summary>
/// The messages of requests as Core takes them. An enum value without meaning is a violation here, in the contract's words, and null
/// for Core.
/// </summary>
internal static class Requests
{
    /// <summary>The most entries of a message of a stream, unless the request says otherwise.</summary>
    private const int EntriesOfMessage = 1_000;

    /// <summary>Reads the spec of an entry.</summary>
    /// <param name="spec">The message; null if it is missing.</param>
    /// <param name="violations">Collects the validation errors.</param>
    /// <param name="path">The field of the request that has the spec, with a dot behind it; empty if it is the body of a write.</param>
    public static EntrySpec ToSpec(this V1.EntrySpec? spec, Violations violations, string path = "") => spec is null
        ? new EntrySpec("")
        : new EntrySpec(
            spec.Interface,
            spec.HasEgressProgram ? spec.EgressProgram : null,
            Labels.Of(spec.Labels),
            spec.HasOwner ? spec.Owner : null,
            spec.Actions is null ? null : ActionsOf(spec.Actions, violations, path))
        {
            Lease = spec.HasLease ? spec.Lease : null,
            OnInterfaceGone = OnGoneOf(spec.OnInterfaceGone, violations, path),
            DeleteAfter = TimeOf(spec.DeleteAfter, path + "deleteAfter", violations),
        };

    public static DevmapSpec ToSpec(this V1.DevmapSpec? spec, Violations violations) => spec is null
        ? new DevmapSpec()
        : new DevmapSpec(
            spec.MaxEntries == 0 ? DevmapSpec.DefaultMaxEntries : spec.MaxEntries,
            spec.ValueSize == 0 ? DevmapSpec.DefaultValueSize : spec.ValueSize,
            spec.HasNumaNode ? spec.NumaNode : null,
            spec.KeySelector == V1.KeySelector.Unspecified ? null : SelectorOf(spec.KeySelector, violations),
            spec.MissAction switch
            {
                V1.MissAction.Unspecified or V1.MissAction.Pass => MissAction.Pass,
                V1.MissAction.Drop => MissAction.Drop,
                V1.MissAction.Abort => MissAction.Abort,
                _ => Violation<MissAction>(violations, "missAction", "must be one of the values of MissAction"),
            },
            spec.Counters,
            spec.EnsureTargets switch
            {
                V1.EnsureTargets.Unspecified or V1.EnsureTargets.Auto => EnsureTargets.Auto,
                V1.EnsureTargets.On => EnsureTargets.On,
                V1.EnsureTargets.Off => EnsureTargets.Off,
                _ => Violation<EnsureTargets>(violations, "ensureTargets", "must be one of the values of EnsureTargets"),
            },
            spec.CompleteChecksums switch
            {
                V1.CompleteChecksums.Unspecified or V1.CompleteChecksums.Auto => CompleteChecksums.Auto,
                V1.CompleteChecksums.On => CompleteChecksums.On,
                V1.CompleteChecksums.Off => CompleteChecksums.Off,
                _ => Violation<CompleteChecksums>(violations, "completeChecksums", "must be one of the values of CompleteChecksums"),
            },
            spec.RedirectPeer switch
            {
                V1.RedirectPeer.Unspecified or V1.RedirectPeer.Auto => RedirectPeer.Auto,
                V1.RedirectPeer.Off => RedirectPeer.Off,
                _ => Violation<RedirectPeer>(violations, "redirectPeer", "must be one of the values of RedirectPeer"),
            },
            Labels.Of(spec.Labels),
            spec.HasOwner ? spec.Owner : null);

    public static AttachmentSpec ToSpec(this V1.AttachmentSpec? spec, Violations violations) => spec is null
        ? new AttachmentSpec(AttachMode.Auto)
        : new AttachmentSpec(ModeOf(spec.Mode, violations), PromiscuousOf(spec.Promiscuous, violations), Labels.Of(spec.Labels), spec.HasOwner ? spec.Owner : null)
        {
            Lease = spec.HasLease ? spec.Lease : null,
        };

    public static LeaseSpec ToSpec(this V1.LeaseSpec? spec, Violations violations) =>
        new(TimeOf(spec?.Ttl, "ttl", violations) ?? TimeSpan.Zero, Labels.Of(spec?.Labels), spec is { HasOwner: true } ? spec.Owner : null);

    public static EgressProgramSpec ToSpec(this V1.EgressProgramSpec? spec, Violations violations) => new(
        spec is null ? null! : TemplateOf(spec.Template, violations)!,
        spec?.Parameters is not { } parameters ? null : ProtoParameters.Read(parameters, violations),
        Labels.Of(spec?.Labels),
        spec is { HasOwner: true } ? spec.Owner : null);

    public static EntryQuery ToQuery(this V1.ListEntriesRequest request, Violations violations) => new(
        request.HasPageSize ? request.PageSize : null,
        request.PageToken,
        request.HasInterface ? request.Interface : null,
        request.HasEgressProgram ? request.EgressProgram : null,
        StateOf(request.State, violations),
        request.Label.Count > 0 ? request.Label : null,
        request.HasOwner ? request.Owner : null,
        ViewOf(request.View, violations));

    public static EntryQuery ToQuery(this V1.ListCountersRequest request, Violations violations) => new(
        request.HasPageSize ? request.PageSize : null,
        request.PageToken,
        request.HasInterface ? request.Interface : null,
        request.HasEgressProgram ? request.EgressProgram : null,
        StateOf(request.State, violations),
        request.Label.Count > 0 ? request.Label : null,
        request.HasOwner ? request.Owner : null);

    public static EntryQuery ToQuery(this V1.StreamEntriesRequest request, Violations violations) => new(
        request.HasPageSize ? request.PageSize : EntriesOfMessage,
        null,
        request.HasInterface ? request.Interface : null,
        request.HasEgressProgram ? request.EgressProgram : null,
        StateOf(request.State, violations),
        request.Label.Count > 0 ? request.Label : null,
        request.HasOwner ? request.Owner : null,
        ViewOf(request.View, violations));

    public static EntryBatch ToBatch(this V1.ApplyEntriesRequest request, Violations violations) => BatchOf(request.Mode, request.Items, violations);

    public static EntryBatch ToBatch(this V1.WriteEntriesRequest request, Violations violations) => BatchOf(request.Mode, request.Items, violations);

    public static DesiredEntries ToTable(this V1.ReplaceEntriesRequest request, Violations violations) => new(
        [
            .. request.Entries.Select((e, index) => new DesiredEntry(
                e.Key,
                e.Spec.ToSpec(violations, string.Create(CultureInfo.InvariantCulture, $"entries[{index}].spec.")),
                e.HasExpectedRevision ? e.ExpectedRevision : null)),
        ]);

    public static ReplaceOptions ToOptions(this V1.ReplaceEntriesRequest request, Violations violations) => new(
        request.Label.Count > 0 ? request.Label : null,
        request.HasOwner ? request.Owner : null,
        request.AllowPending,
        request.DryRun,
        request.Force,
        request.HasAllowDeletions ? request.AllowDeletions : null,
        ModeOf(request.Mode, violations),
        DurationOf(request.Rehearse, violations, "rehearse", ReplaceOptions.RehearsalRule),
        DurationOf(request.Confirm, violations, "confirm", ReplaceOptions.ConfirmRule),
        request.HasRevertAfterDrops ? request.RevertAfterDrops : null);

    public static StateDocument ToDocument(this V1.StateDocument? state, Violations violations)
    {
        state ??= new V1.StateDocument();
        return new StateDocument(
            [.. state.Devmaps.Select((d, i) => new DesiredDevmap(d.Name, null, InItem(violations, "devmaps", i, d.Spec.ToSpec)))],
            [.. state.Programs.Select((p, i) => new DesiredProgram(p.Name, InItem(violations, "programs", i, p.Spec.ToSpec)))],
            [.. state.Leases.Select((l, i) => new DesiredLease(l.Name, InItem(violations, "leases", i, l.Spec.ToSpec)))],
            [.. state.Attachments.Select((a, i) => new DesiredAttachment(a.Devmap, a.Interface, InItem(violations, "attachments", i, a.Spec.ToSpec)))],
            [.. state.Entries.Select((e, i) => new StateEntry(e.Devmap, e.Key, e.Spec.ToSpec(violations, string.Create(CultureInfo.InvariantCulture, $"entries[{i}].spec."))))]);
    }

    // A spec of a document has the place of its item before the names of its fields.
    private static TSpec InItem<TSpec>(Violations violations, string list, int item, Func<Violations, TSpec> read)
    {
        var found = new Violations();
        var spec = read(found);
        foreach (var (field, message) in found.Found)
            violations.Add(string.Create(CultureInfo.InvariantCulture, $"{list}[{item}].spec.{field}"), message);
        return spec;
    }

    public static WaitQuery ToQuery(this V1.WaitEntriesRequest request) => new(
        request.Devmap, request.Label, request.HasOwner ? request.Owner : null, request.HasRevision ? request.Revision : null);

    public static WatchQuery ToQuery(this V1.WatchRequest request, Violations violations) => new(
        request.HasInterface ? request.Interface : null,
        StateOf(request.State, violations),
        request.Label,
        request.HasOwner ? request.Owner : null,
        StatusEventsOf(request.StatusEvents, violations));

    public static WatchQuery ToQuery(this V1.WatchDevmapsRequest request, Violations violations) => new(
        request.HasInterface ? request.Interface : null,
        StateOf(request.State, violations),
        request.Label,
        request.HasOwner ? request.Owner : null,
        StatusEventsOf(request.StatusEvents, violations));

    public static ChangeQuery ToQuery(this V1.ListChangesRequest request, Violations violations) => new(
        request.HasPageSize ? request.PageSize : null,
        request.PageToken,
        request.Order switch
        {
            V1.ChangeOrder.Unspecified or V1.ChangeOrder.Newest => ChangeOrder.Newest,
            V1.ChangeOrder.Oldest => ChangeOrder.Oldest,
            _ => Violation<ChangeOrder>(violations, "order", "must be one of the values of ChangeOrder"),
        },
        request.HasDevmap ? request.Devmap : null,
        request.HasKey ? request.Key : null,
        request.HasOwner ? request.Owner : null,
        request.HasActor ? request.Actor : null,
        request.HasSinceRevision ? request.SinceRevision : null,
        request.HasUntilRevision ? request.UntilRevision : null,
        TimeOf(request.SinceTime, "sinceTime", violations),
        TimeOf(request.UntilTime, "untilTime", violations));

    /// <summary>Reads how a call waits.</summary>
    /// <param name="state">The state.</param>
    /// <param name="timeout">The longest wait; null if it is missing.</param>
    /// <param name="violations">Collects the validation errors.</param>
    /// <param name="field">The field that has the state.</param>
    public static WaitOptions ToWait(V1.WaitState state, Duration? timeout, Violations violations, string field = "wait") => state == default && timeout is null ? WaitOptions.None : new(
        state switch
        {
            V1.WaitState.Unspecified => null,
            V1.WaitState.Forwarding => WaitState.Forwarding,
            _ => Violation<WaitState>(violations, field, "must be one of the values of WaitState"),
        },
        DurationOf(timeout, violations));

    public static ExplainQuery ToQuery(this V1.ExplainRequest request) => new(
        request.HasKey ? request.Key : null,
        request.HasIngress ? request.Ingress : null,
        request.HasVlan ? request.Vlan : null,
        request.HasDst ? request.Dst : null,
        request.HasLength ? request.Length : null,
        request.HasTtl ? request.Ttl : null);

    public static TokenRequest ToRequest(this V1.CreateTokenRequest request, Violations violations) => new(
        request.Name,
        RoleOf(request.Role, violations),
        TimeOf(request.ExpireTime, "expireTime", violations),
        request.Limits is not { } limits
            ? null
            : new TokenLimits([.. limits.Devmaps], [.. limits.Owners], [.. limits.KeyRanges.Select(r => new KeyRange(r.Devmap, r.From, r.To))]),
        Labels.Of(request.Labels),
        request.HasOwner ? request.Owner : null);

    private static EntryBatch BatchOf(V1.BatchMode mode, IEnumerable<V1.BatchItem> items, Violations violations) => new(
        ModeOf(mode, violations),
        [
            .. items.Select((i, index) => new BatchItem(
                i.Put is { } put ? new BatchPut(put.Devmap, put.Key, put.Spec.ToSpec(violations, string.Create(CultureInfo.InvariantCulture, $"items[{index}].put.spec.")), put.HasExpectedRevision ? put.ExpectedRevision : null) : null,
                i.Delete is { } delete ? new BatchDelete(delete.Devmap, delete.Key, delete.HasExpectedRevision ? delete.ExpectedRevision : null, delete.HasOwner ? delete.Owner : null) : null)),
        ]);

    private static EntryActions ActionsOf(V1.EntryActions actions, Violations violations, string path)
    {
        return new(
            actions.HasSourceMac ? Address("sourceMac", actions.SourceMac) : null,
            actions.HasDestinationMac ? Address("destinationMac", actions.DestinationMac) : null,
            actions.HasSetVlan ? Vlan(actions.SetVlan) : null,
            actions.HasPushVlan ? Vlan(actions.PushVlan) : null,
            actions.PopVlan,
            actions.DecrementTtl);

        MacAddress? Address(string action, string text)
        {
            if (MacAddress.TryParse(text, out var address))
                return address;
            violations.Add(path + ActionRules.FieldOf(action), MacAddress.Rule);
            return null;
        }

        // A number that is too large for an id stays one: Core refuses it.
        static ushort Vlan(uint id) => (ushort)Math.Min(id, ushort.MaxValue);
    }

    private static Role RoleOf(V1.Role role, Violations violations) => role switch
    {
        V1.Role.Viewer => Role.Viewer,
        V1.Role.Operator => Role.Operator,
        V1.Role.Admin => Role.Admin,
        _ => Violation<Role>(violations, "role", "must be one of the values of Role, and not ROLE_UNSPECIFIED"),
    };

    private static DateTimeOffset? TimeOf(Timestamp? time, string field, Violations violations)
    {
        try
        {
            return time?.ToDateTimeOffset();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentOutOfRangeException)
        {
            violations.Add(field, "must be a time of the years 1 to 9999");
            return null;
        }
    }

    private static TimeSpan? DurationOf(Duration? duration, Violations violations, string field = "timeout", string rule = WaitOptions.TimeoutRule)
    {
        try
        {
            return duration?.ToTimeSpan();
        }
        catch (Exception e) when (e is InvalidOperationException or OverflowException)
        {
            violations.Add(field, rule);
            return null;
        }
    }

    // A part of a millisecond would be lost: it makes the time one that Core refuses.
    private static TimeSpan? TimeOf(Duration? time, string field, Violations violations)
    {
        if (time is null)
            return null;
        if (Math.Abs(time.Seconds) <= (long)TimeSpan.FromDays(365_000).TotalSeconds && time.Nanos is >= 0 and < 1_000_000_000)
            return TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromTicks((time.Nanos + 99) / 100);
        violations.Add(field, LifeTime.Rule);
        return null;
    }

    private static OnInterfaceGone OnGoneOf(V1.OnInterfaceGone onGone, Violations violations, string path) => onGone switch
    {
        V1.OnInterfaceGone.Unspecified or V1.OnInterfaceGone.Keep => OnInterfaceGone.Keep,
        V1.OnInterfaceGone.Delete => OnInterfaceGone.Delete,
        V1.OnInterfaceGone.DeleteAfter => OnInterfaceGone.DeleteAfter,
        _ => Violation<OnInterfaceGone>(violations, path + "onInterfaceGone", "must be one of the values of OnInterfaceGone"),
    };

    private static ReplaceMode ModeOf(V1.ReplaceMode mode, Violations violations) => mode switch
    {
        V1.ReplaceMode.Unspecified or V1.ReplaceMode.InPlace => ReplaceMode.InPlace,
        V1.ReplaceMode.Hitless => ReplaceMode.Hitless,
        _ => Violation<ReplaceMode>(violations, "mode", "must be one of the values of ReplaceMode"),
    };

    private static BatchMode ModeOf(V1.BatchMode mode, Violations violations) => mode switch
    {
        V1.BatchMode.Atomic => BatchMode.Atomic,
        V1.BatchMode.Independent => BatchMode.Independent,
        _ => Violation<BatchMode>(violations, "mode", "must be one of the values of BatchMode, and not BATCH_MODE_UNSPECIFIED"),
    };

    private static AttachMode ModeOf(V1.AttachMode mode, Violations violations) => mode switch
    {
        V1.AttachMode.Native => AttachMode.Native,
        V1.AttachMode.Generic => AttachMode.Generic,
        V1.AttachMode.Tcx => AttachMode.Tcx,
        V1.AttachMode.Unspecified or V1.AttachMode.Auto => AttachMode.Auto,
        _ => Violation<AttachMode>(violations, "mode", "must be one of the values of AttachMode"),
    };

    private static Promiscuous PromiscuousOf(V1.Promiscuous promiscuous, Violations violations) => promiscuous switch
    {
        V1.Promiscuous.Unspecified or V1.Promiscuous.Auto => Promiscuous.Auto,
        V1.Promiscuous.On => Promiscuous.On,
        V1.Promiscuous.Off => Promiscuous.Off,
        _ => Violation<Promiscuous>(violations, "promiscuous", "must be one of the values of Promiscuous"),
    };

    private static EntryView ViewOf(V1.EntryView view, Violations violations)
    {
        if (!Enum.IsDefined(view))
            violations.Add("view", "must be one of the values of EntryView");
        return view == V1.EntryView.Basic ? EntryView.Basic : EntryView.Full;
    }

    private static KeySelector? SelectorOf(V1.KeySelector selector, Violations violations)
    {
        var found = ProtoEnums.KeySelectors.Find(selector);
        if (found is null)
            violations.Add("keySelector", "must be one of the values of KeySelector");
        return found;
    }

    private static EgressTemplate? TemplateOf(V1.EgressTemplate template, Violations violations)
    {
        var found = ProtoEnums.EgressTemplates.Find(template);
        if (found is null)
            violations.Add("template", "must be one of the values of EgressTemplate, and not EGRESS_TEMPLATE_UNSPECIFIED");
        return found;
    }

    private static StatusEvents StatusEventsOf(V1.StatusEvents events, Violations violations) => events switch
    {
        V1.StatusEvents.Unspecified or V1.StatusEvents.All => StatusEvents.All,
        V1.StatusEvents.Folded => StatusEvents.Folded,
        V1.StatusEvents.None => StatusEvents.None,
        _ => Violation<StatusEvents>(violations, "statusEvents", "must be one of the values of StatusEvents"),
    };

    private static EntryState? StateOf(V1.EntryState state, Violations violations) => state switch
    {
        V1.EntryState.Unspecified => null,
        V1.EntryState.Forwarding => EntryState.Forwarding,
        V1.EntryState.Undeliverable => EntryState.Undeliverable,
        V1.EntryState.Unverified => EntryState.Unverified,
        V1.EntryState.Pending => EntryState.Pending,
        V1.EntryState.Failed => EntryState.Failed,
        V1.EntryState.Unmanaged => EntryState.Unmanaged,
        _ => Violation<EntryState>(violations, "state", "must be one of the values of EntryState"),
    };

    private static T Violation<T>(Violations violations, string field, string message)
        where T : struct
    {
        violations.Add(field, message);
        return default;
    }
}
