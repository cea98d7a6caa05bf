using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Explaining;
using ControlPlane.Core.Model;
using Google.Protobuf.Collections;
using V1 = Devmapd.V1;

namespace ControlPlane.Daemon.Api.Grpc;

/// <summary>
/// The messages of requests as Core takes them. An enum value without meaning is a violation here, in the contract's words, and null
/// for Core.
/// </summary>
internal static class Requests
{
    public static EntryRequest ToRequest(this V1.PutEntryRequest request) => request.Spec is not { } spec
        ? new EntryRequest(null)
        : new EntryRequest(
            spec.Interface.Length > 0 ? spec.Interface : null,
            spec.HasEgressProgram ? spec.EgressProgram : null,
            LabelsOf(spec.Labels),
            request.AllowPending,
            spec.HasOwner ? spec.Owner : null);

    public static AttachmentRequest ToRequest(this V1.PutAttachmentRequest request, Violations violations) => request.Spec is not { } spec
        ? new AttachmentRequest(null)
        : new AttachmentRequest(ModeOf(spec.Mode, violations), LabelsOf(spec.Labels), spec.HasOwner ? spec.Owner : null, request.AllowPending);

    public static ProgramRequest ToRequest(this V1.EgressProgramSpec? spec, Violations violations) => spec is null
        ? new ProgramRequest(null)
        : new ProgramRequest(
            TemplateOf(spec.Template, violations),
            spec.Parameters is { HasSourceMac: true } ? spec.Parameters.SourceMac : null,
            spec.Parameters is { HasDestinationMac: true } ? spec.Parameters.DestinationMac : null,
            spec.Parameters is { HasVlanId: true } ? spec.Parameters.VlanId : null,
            LabelsOf(spec.Labels),
            spec.HasOwner ? spec.Owner : null);

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

    public static ExplainQuery ToQuery(this V1.ExplainRequest request) => new(
        request.HasKey ? request.Key : null,
        request.HasIngress ? request.Ingress : null,
        request.HasVlan ? request.Vlan : null,
        request.HasDst ? request.Dst : null,
        request.HasLength ? request.Length : null);

    private static Dictionary<string, string>? LabelsOf(MapField<string, string> labels) => labels.Count > 0 ? labels.ToDictionary() : null;

    private static string? ModeOf(V1.AttachMode mode, Violations violations) => mode switch
    {
        V1.AttachMode.Native => "native",
        V1.AttachMode.Generic => "generic",
        _ => Violation(violations, "mode", "must be ATTACH_MODE_NATIVE or ATTACH_MODE_GENERIC"),
    };

    private static EntryView ViewOf(V1.EntryView view, Violations violations)
    {
        if (!Enum.IsDefined(view))
            violations.Add("view", "must be one of the values of EntryView");
        return view == V1.EntryView.Basic ? EntryView.Basic : EntryView.Full;
    }

    private static string? TemplateOf(V1.EgressTemplate template, Violations violations) => template switch
    {
        V1.EgressTemplate.Count => EgressTemplate.Count.Text(),
        V1.EgressTemplate.Drop => EgressTemplate.Drop.Text(),
        V1.EgressTemplate.RewriteMac => EgressTemplate.RewriteMac.Text(),
        V1.EgressTemplate.PushVlan => EgressTemplate.PushVlan.Text(),
        V1.EgressTemplate.PopVlan => EgressTemplate.PopVlan.Text(),
        _ => Violation(violations, "template", "must be one of the values of EgressTemplate, and not EGRESS_TEMPLATE_UNSPECIFIED"),
    };

    private static string? StateOf(V1.EntryState state, Violations violations)
    {
        if (state == V1.EntryState.Unspecified)
            return null;
        return Enum.IsDefined(state) ? state.ToString() : Violation(violations, "state", "must be one of the values of EntryState");
    }

    private static string? Violation(Violations violations, string field, string message)
    {
        violations.Add(field, message);
        return null;
    }
}
