using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using Devmapd.V1;

namespace ControlPlane.Daemon.Grpc;

/// <summary>
/// The text forms in which Core takes enum values of requests. A value that has none is a fault here, in the contract's
/// words, and null for Core.
/// </summary>
internal static class Texts
{
    /// <summary>The text of an attach mode.</summary>
    public static string? OfMode(Devmapd.V1.AttachMode mode, Violations faults) => mode switch
    {
        Devmapd.V1.AttachMode.Native => "native",
        Devmapd.V1.AttachMode.Generic => "generic",
        _ => Fault(faults, "mode", "must be ATTACH_MODE_NATIVE or ATTACH_MODE_GENERIC"),
    };

    /// <summary>The text of a template.</summary>
    public static string? OfTemplate(ProgramTemplate template, Violations faults) => template switch
    {
        ProgramTemplate.Count => EgressTemplate.Count.Text(),
        ProgramTemplate.Drop => EgressTemplate.Drop.Text(),
        ProgramTemplate.RewriteMac => EgressTemplate.RewriteMac.Text(),
        ProgramTemplate.PushVlan => EgressTemplate.PushVlan.Text(),
        ProgramTemplate.PopVlan => EgressTemplate.PopVlan.Text(),
        _ => Fault(faults, "template", "must be one of the values of ProgramTemplate, and not PROGRAM_TEMPLATE_UNSPECIFIED"),
    };

    /// <summary>The text of the state in a filter; null for any.</summary>
    public static string? OfState(Devmapd.V1.EntryState state, Violations faults) => state switch
    {
        Devmapd.V1.EntryState.Unspecified => null,
        Devmapd.V1.EntryState.Forwarding => nameof(Devmapd.V1.EntryState.Forwarding),
        Devmapd.V1.EntryState.Undeliverable => nameof(Devmapd.V1.EntryState.Undeliverable),
        Devmapd.V1.EntryState.Pending => nameof(Devmapd.V1.EntryState.Pending),
        Devmapd.V1.EntryState.Failed => nameof(Devmapd.V1.EntryState.Failed),
        _ => Fault(faults, "state", "must be one of the values of EntryState"),
    };

    private static string? Fault(Violations faults, string field, string message)
    {
        faults.Add(field, message);
        return null;
    }
}
