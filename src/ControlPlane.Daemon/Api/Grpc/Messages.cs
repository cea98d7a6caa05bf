using System.Runtime.CompilerServices;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Explaining;
using ControlPlane.Core.Model;
using ControlPlane.Core.Waiting;
using ControlPlane.Core.Watching;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Riok.Mapperly.Abstractions;
using V1 = Devmapd.V1;

namespace ControlPlane.Daemon.Api.Grpc;

/// <summary>
/// Core's views as the messages of one answer. Mapperly writes the copying by name and refuses to compile when one side has a field
/// or an enum value that the other side does not have. A value that is null in Core is absent in the message.
/// </summary>
/// <param name="shares">Whether entries share conditions. Each condition then becomes one message that all of these entries carry.</param>
[Mapper(AllowNullPropertyAssignment = false, EnumMappingStrategy = EnumMappingStrategy.ByName, RequiredMappingStrategy = RequiredMappingStrategy.Both)]
internal sealed partial class Messages(bool shares = false)
{
    // Messages are not changed once they are made, so answers can share them.
    private static readonly ConditionalWeakTable<Condition, V1.Condition> _kept = [];

    private readonly Dictionary<Condition, V1.Condition>? _conditions = shares ? new(ReferenceEqualityComparer.Instance) : null;

    public partial V1.Entry Of(Entry entry);

    public partial V1.Attachment Of(Attachment attachment);

    public partial V1.EgressProgram Of(EgressProgram program);

    public partial V1.Devmap Of(Devmap devmap);

    [MapperIgnoreSource(nameof(DevmapShape.LooksByteSwapped))]
    public partial V1.GetDevmapShapeResponse Of(DevmapShape shape);

    public partial V1.AuditDevmapResponse Of(AuditReport report);

    public V1.ListCountersResponse Of(CounterList page) => new()
    {
        Counters = { page.Counters.Select(Of) },
        NextPageToken = page.NextPageToken ?? "",
        Revision = page.Revision,
    };

    public partial V1.Explanation Of(Explanation explanation);

    public partial V1.Probe Of(Probe probe);

    public V1.PutEntryResponse Of(PutOutcome<Entry> outcome)
    {
        var message = new V1.PutEntryResponse { Entry = Of(outcome.View), Created = outcome.Created };
        if (outcome.Wait is not { } wait)
            return message;
        message.WaitSatisfied = wait.IsSatisfied;
        message.Unsatisfied.AddRange(wait.Unsatisfied.Select(Of));
        return message;
    }

    public V1.ApplyEntriesResponse Of(BatchOutcome outcome)
    {
        var message = new V1.ApplyEntriesResponse
        {
            Results = { outcome.Results.Select(Of) }, Revision = outcome.Revision, Unsatisfied = { outcome.Unsatisfied.Select(Of) },
        };
        if (outcome.WaitSatisfied is { } satisfied)
            message.WaitSatisfied = satisfied;
        return message;
    }

    public V1.WaitEntriesResponse Of(WaitOutcome outcome) => new()
    {
        WaitSatisfied = outcome.WaitSatisfied,
        Revision = outcome.Revision,
        Selected = outcome.Selected,
        Unsatisfied = { outcome.Unsatisfied.Select(Of) },
    };

    private partial V1.UnsatisfiedEntry Of(UnsatisfiedEntry entry);

    public V1.WriteEntriesResponse OfMessage(BatchOutcome outcome) => new() { Results = { outcome.Results.Select(Of) }, Revision = outcome.Revision };

    private partial V1.BatchResult Of(BatchResult result);

    private static V1.FieldViolation Of(FieldViolation violation) =>
        new() { Field = FieldPath.ToProto(violation.Field, V1.ApplyEntriesRequest.Descriptor), Message = violation.Message };

    [MapperIgnoreTargetValue(V1.ItemOutcome.Unspecified)]
    private partial V1.ItemOutcome Of(ItemOutcome outcome);

    public V1.ReplaceEntriesResponse Of(ReplaceOutcome outcome)
    {
        var message = new V1.ReplaceEntriesResponse
        {
            Revision = outcome.Revision,
            Created = outcome.Created,
            Changed = outcome.Changed,
            Deleted = outcome.Deleted,
            Unchanged = outcome.Unchanged,
            NotForwarding = { outcome.NotForwarding.Select(Of) },
            Plan = { outcome.Plan.Select(Of) },
            Truncated = outcome.Truncated,
            Unsatisfied = { outcome.Unsatisfied.Select(Of) },
        };
        if (outcome.WaitSatisfied is { } satisfied)
            message.WaitSatisfied = satisfied;
        if (outcome.Error is { } error)
            message.Error = Of(error);
        if (outcome.Rehearsal is { } rehearsal)
            message.Rehearsal = Of(rehearsal);
        if (outcome.Confirmation is { } confirmation)
            message.Confirmation = Of(confirmation);
        return message;
    }

    public partial V1.Confirmation Of(Confirmation confirmation);

    [MapperIgnoreTargetValue(V1.ConfirmationPhase.Unspecified)]
    private partial V1.ConfirmationPhase Of(ConfirmationPhase phase);

    private partial V1.Rehearsal Of(Rehearsal rehearsal);

    private partial V1.EntryProblem Of(EntryProblem problem);

    private partial V1.PlannedChange Of(PlannedChange change);

    private partial V1.ItemError Of(ItemError error);

    [MapperIgnoreTargetValue(V1.PlannedAction.Unspecified)]
    private partial V1.PlannedAction Of(PlannedAction action);

    public V1.ListChangesResponse Of(ChangeList page) => new()
    {
        Changes = { page.Changes.Select(Of) }, NextPageToken = page.NextPageToken ?? "", OldestRevision = page.OldestRevision,
    };

    private partial V1.Change Of(RecordedChange change);

    private partial V1.ChangedState Of(ChangedState state);

    public V1.RevertOutcome Of(RevertOutcome outcome) => new()
    {
        Revision = outcome.Revision,
        Created = outcome.Created,
        Changed = outcome.Changed,
        Deleted = outcome.Deleted,
        Unchanged = outcome.Unchanged,
        Plan = { outcome.Plan.Select(Of) },
        Truncated = outcome.Truncated,
    };

    private partial V1.RevertedResource Of(RevertedResource change);

    public partial V1.DesiredDevmap Of(DesiredDevmap devmap);

    public partial V1.DesiredProgram Of(DesiredProgram program);

    public partial V1.DesiredLease Of(DesiredLease lease);

    public partial V1.DesiredAttachment Of(DesiredAttachment attachment);

    public partial V1.StateEntry Of(StateEntry entry);

    public V1.ApplyStateResponse Of(StateOutcome outcome)
    {
        var message = new V1.ApplyStateResponse
        {
            Revision = outcome.Revision,
            Devmaps = Of(outcome.Devmaps),
            Programs = Of(outcome.Programs),
            Leases = Of(outcome.Leases),
            Attachments = Of(outcome.Attachments),
            Entries = Of(outcome.Entries),
            Plan = { outcome.Plan.Select(Of) },
            Truncated = outcome.Truncated,
        };
        if (outcome.Error is { } error)
            message.Error = Of(error);
        return message;
    }

    private partial V1.KindCounts Of(KindCounts counts);

    private partial V1.StateChange Of(StateChange change);

    [MapperIgnoreTargetValue(V1.ChangedKind.Unspecified)]
    private partial V1.ChangedKind Of(ChangedKind kind);

    public partial V1.SetEgressProgramResponse Of(EgressProgramSwap swap);

    public partial V1.Lease Of(Lease lease);

    public partial V1.KeepAliveResponse Of(KeptLease kept);

    public partial V1.Token Of(Token token);

    public partial V1.CreateTokenResponse Of(CreatedToken created);

    public partial V1.Host Of(Core.Model.Host host);

    public partial V1.Interface Of(Interface view);

    public V1.WatchResponse Of(WatchEvent happened)
    {
        var message = new V1.WatchResponse();
        if (happened.Revision is { } revision)
            message.Revision = revision;
        switch (happened)
        {
            case WatchEvent.EntryPut put:
                message.Entry = Of(put.Entry);
                break;
            case WatchEvent.DevmapPut put:
                message.Definition = Of(put.Definition);
                break;
            case WatchEvent.DevmapDeleted deleted:
                message.DevmapDeleted = new() { Name = deleted.Name };
                break;
            case WatchEvent.EntryDeleted deleted:
                message.EntryDeleted = new() { Key = deleted.Key };
                break;
            case WatchEvent.EgressProgramSet set:
                message.EgressProgramSet = Of(set);
                break;
            case WatchEvent.AttachmentPut put:
                message.Attachment = Of(put.Attachment);
                break;
            case WatchEvent.AttachmentDeleted deleted:
                message.AttachmentDeleted = new() { Interface = deleted.Interface };
                break;
            case WatchEvent.ProgramPut put:
                message.Program = Of(put.Program);
                break;
            case WatchEvent.ProgramDeleted deleted:
                message.ProgramDeleted = new() { Name = deleted.Name };
                break;
            case WatchEvent.LeasePut put:
                message.Lease = Of(put.Lease);
                break;
            case WatchEvent.LeaseDeleted deleted:
                message.LeaseDeleted = new() { Name = deleted.Name };
                break;
            case WatchEvent.StatusChanged status:
                message.StatusChanged = Of(status);
                break;
            case WatchEvent.DriftFound drift:
                message.DriftFound = new() { Found = drift.Found, Repaired = drift.Repaired };
                break;
            case WatchEvent.Synced:
                message.Synced = new();
                break;
            case WatchEvent.Bookmark:
                message.Bookmark = new();
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(happened), happened, "not in the contract");
        }

        return message;
    }

    private static Timestamp Of(DateTimeOffset time) => Timestamp.FromDateTimeOffset(time);

    private static Duration Of(TimeSpan time) => Duration.FromTimeSpan(time);

    private static string Of(MacAddress address) => address.ToString();

    [UserMapping(Default = true)]
    private V1.Condition Of(Condition condition)
    {
        // The evaluator keeps the conditions of interfaces and attachments while their facts are the same.
        if (condition.Type.Subject is ConditionSubject.Interface or ConditionSubject.Attachment)
            return _kept.TryGetValue(condition, out var kept) ? kept : _kept.GetValue(condition, Make);
        if (_conditions is null)
            return Make(condition);
        if (!_conditions.TryGetValue(condition, out var message))
            _conditions.Add(condition, message = Make(condition));
        return message;
    }

    [UserMapping(Default = false)]
    [MapperIgnoreSource(nameof(Condition.Holds))]
    private partial V1.Condition Make(Condition condition);

    private static string Of(ConditionType type) => type.Name;

    [MapperIgnoreTargetValue(V1.ConditionStatus.Unspecified)]
    private partial V1.ConditionStatus Of(ConditionStatus status);

    private static V1.Remedy Of(Remedy remedy) => RemedyMessages.Of(remedy);

    // Mapperly fills maps by their keys and values apart, which a MapField refuses: labels are added here.
    [UserMapping(Default = true)]
    private V1.EntrySpec Of(EntrySpec spec) => With(spec.Labels, Bare(spec), m => m.Labels);

    [UserMapping(Default = false)]
    [MapperIgnoreSource(nameof(EntrySpec.Labels))]
    [MapperIgnoreTarget(nameof(V1.EntrySpec.Labels))]
    private partial V1.EntrySpec Bare(EntrySpec spec);

    [UserMapping(Default = true)]
    private V1.DevmapSpec Of(DevmapSpec spec) => With(spec.Labels, Bare(spec), m => m.Labels);

    [UserMapping(Default = false)]
    [MapperIgnoreSource(nameof(DevmapSpec.Labels))]
    [MapperIgnoreTarget(nameof(V1.DevmapSpec.Labels))]
    private partial V1.DevmapSpec Bare(DevmapSpec spec);

    [MapperIgnoreTargetValue(V1.DeclaredIn.Unspecified)]
    private partial V1.DeclaredIn Of(DeclaredIn declaredIn);

    [UserMapping(Default = true)]
    private V1.AttachmentSpec Of(AttachmentSpec spec) => With(spec.Labels, Bare(spec), m => m.Labels);

    [UserMapping(Default = false)]
    [MapperIgnoreSource(nameof(AttachmentSpec.Labels))]
    [MapperIgnoreTarget(nameof(V1.AttachmentSpec.Labels))]
    private partial V1.AttachmentSpec Bare(AttachmentSpec spec);

    [UserMapping(Default = true)]
    private V1.EgressProgramSpec Of(EgressProgramSpec spec) => With(spec.Labels, Bare(spec), m => m.Labels);

    [UserMapping(Default = false)]
    [MapperIgnoreSource(nameof(EgressProgramSpec.Config))]
    [MapperIgnoreSource(nameof(EgressProgramSpec.Labels))]
    [MapperIgnoreTarget(nameof(V1.EgressProgramSpec.Labels))]
    private partial V1.EgressProgramSpec Bare(EgressProgramSpec spec);

    [UserMapping(Default = true)]
    private V1.LeaseSpec Of(LeaseSpec spec) => With(spec.Labels, Bare(spec), m => m.Labels);

    [UserMapping(Default = false)]
    [MapperIgnoreSource(nameof(LeaseSpec.Labels))]
    [MapperIgnoreTarget(nameof(V1.LeaseSpec.Labels))]
    private partial V1.LeaseSpec Bare(LeaseSpec spec);

    [UserMapping(Default = true)]
    private V1.TokenSpec Of(TokenSpec spec) => With(spec.Labels, Bare(spec), m => m.Labels);

    [UserMapping(Default = false)]
    [MapperIgnoreSource(nameof(TokenSpec.Labels))]
    [MapperIgnoreTarget(nameof(V1.TokenSpec.Labels))]
    private partial V1.TokenSpec Bare(TokenSpec spec);

    [MapperIgnoreSource(nameof(TokenLimits.AreNone))]
    private partial V1.TokenLimits Of(TokenLimits limits);

    [MapperIgnoreTargetValue(V1.Role.Unspecified)]
    private partial V1.Role Of(Role role);

    [MapperIgnoreTargetValue(V1.TokenState.Unspecified)]
    private partial V1.TokenState Of(TokenState state);

    private static T With<T>(Labels labels, T message, Func<T, MapField<string, string>> field)
    {
        foreach (var (name, value) in labels)
            field(message).Add(name, value);
        return message;
    }

    private partial V1.EntryCounters Of(KeyCounters counters);

    private V1.XdpFeatures Of(XdpFeatures features)
    {
        var message = new V1.XdpFeatures();
        foreach (var feature in System.Enum.GetValues<XdpFeatures>())
        {
            if (feature != XdpFeatures.None && features.HasFlag(feature))
                message.Features.Add(FeatureOf(feature));
        }

        return message;
    }

    private partial V1.DropCount Of(DropCount count);

    private partial V1.DevmapDrops Of(DevmapDrops drops);

    private partial V1.TargetDrops Of(TargetDrops drops);

    private partial V1.Drift Of(Drift drift);

    private partial V1.ExplainedFrame Of(ExplainedFrame frame);

    private V1.ExplainStep Of(ExplainStep step)
    {
        var message = new V1.ExplainStep { Type = step.Type.Name, Status = Of(step.Condition.Status), Reason = step.Reason, Message = step.Message };
        if (step.Condition.LastTransitionTime is { } time)
            message.LastTransitionTime = Of(time);
        foreach (var (name, value) in step.Evidence)
            message.Evidence.Add(name, value);
        if (step.Remedy is { } remedy)
            message.Remedy = Of(remedy);
        return message;
    }

    [MapperIgnoreSource(nameof(WatchEvent.Revision))]
    [MapperIgnoreSource(nameof(WatchEvent.Devmap))]
    private partial V1.EgressProgramSet Of(WatchEvent.EgressProgramSet set);

    [MapperIgnoreSource(nameof(WatchEvent.Revision))]
    [MapperIgnoreSource(nameof(WatchEvent.Devmap))]
    private partial V1.StatusChanged Of(WatchEvent.StatusChanged status);

    [MapperIgnoreTargetValue(V1.OnInterfaceGone.Unspecified)]
    private partial V1.OnInterfaceGone Of(OnInterfaceGone onGone);

    [MapperIgnoreTargetValue(V1.EntryState.Unspecified)]
    private partial V1.EntryState Of(EntryState state);

    [MapperIgnoreTargetValue(V1.AttachmentState.Unspecified)]
    private partial V1.AttachmentState Of(AttachmentState state);

    [MapperIgnoreTargetValue(V1.AttachMode.Unspecified)]
    private partial V1.AttachMode Of(AttachMode mode);

    [MapperIgnoreTargetValue(V1.Promiscuous.Unspecified)]
    private partial V1.Promiscuous Of(Promiscuous promiscuous);

    private static V1.EgressTemplate Of(EgressTemplate template) => ProtoEnums.EgressTemplates.Of(template);

    private static V1.EgressProgramParameters Of(EgressProgramParameters parameters) => ProtoParameters.Of(parameters);

    private static V1.KeySelector Of(KeySelector selector) => ProtoEnums.KeySelectors.Of(selector);

    [MapperIgnoreTargetValue(V1.MissAction.Unspecified)]
    private partial V1.MissAction Of(MissAction action);

    [MapperIgnoreTargetValue(V1.EnsureTargets.Unspecified)]
    private partial V1.EnsureTargets Of(EnsureTargets ensure);

    [MapperIgnoreTargetValue(V1.CompleteChecksums.Unspecified)]
    private partial V1.CompleteChecksums Of(CompleteChecksums complete);

    [MapperIgnoreTargetValue(V1.RedirectPeer.Unspecified)]
    private partial V1.RedirectPeer Of(RedirectPeer redirect);

    [MapperIgnoreTargetValue(V1.DropCause.Unspecified)]
    private partial V1.DropCause Of(DropCause cause);

    [MapperIgnoreTargetValue(V1.ExplainOutcome.Unspecified)]
    private partial V1.ExplainOutcome Of(ExplainOutcome outcome);

    [MapperIgnoreTargetValue(V1.DriftKind.Unspecified)]
    private partial V1.DriftKind Of(DriftKind kind);

    [MapperIgnoreSourceValue(XdpFeatures.None)]
    [MapperIgnoreTargetValue(V1.XdpFeature.Unspecified)]
    private partial V1.XdpFeature FeatureOf(XdpFeatures feature);
}
