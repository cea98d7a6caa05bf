using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using ControlPlane.Core.Errors;

namespace ControlPlane.Core.Model;

/// <summary>The desired state of an attachment, as a write carries it.</summary>
/// <param name="Mode">How the redirect program is attached; <see cref="AttachMode.Auto"/> unless given.</param>
/// <param name="Promiscuous">Whether the daemon makes the interface promiscuous; <see cref="Model.Promiscuous.Auto"/> unless given.</param>
/// <param name="Labels">Notes of the caller.</param>
/// <param name="Owner">Who manages the attachment, by its own account; null for nobody.</param>
[method: JsonConstructor]
public sealed record AttachmentSpec(AttachMode Mode, Promiscuous Promiscuous, Labels Labels, [property: JsonPropertyOrder(1)] string? Owner)
{
    /// <summary>The caller's own notes.</summary>
    public Labels Labels { get; init; } = Labels ?? Labels.Empty;

    /// <summary>The lease that the attachment ends with. Null for none.</summary>
    [JsonPropertyOrder(2)]
    public string? Lease { get; init; }

    /// <summary>A spec without labels and owner.</summary>
    public AttachmentSpec(AttachMode mode, Promiscuous promiscuous = Promiscuous.Auto)
        : this(mode, promiscuous, Labels.Empty, null)
    {
    }

    /// <summary>Returns the write that carries the spec, for remedies that change a part of it.</summary>
    internal AttachmentWrite ToWrite(string devmap, string interfaceName)
    {
        var body = new JsonObject { ["mode"] = Mode.ToText() };
        if (Promiscuous != Promiscuous.Auto)
            body["promiscuous"] = Promiscuous.ToString().ToLowerInvariant();
        if (Labels.Count > 0)
            body["labels"] = new JsonObject(Labels.Select(l => KeyValuePair.Create(l.Key, (JsonNode?)l.Value)));
        if (Owner is not null)
            body["owner"] = Owner;
        if (Lease is not null)
            body["lease"] = Lease;
        return new(devmap, interfaceName, body);
    }
}

/// <summary>The desired state of one attachment, with its identity: an interface on which a devmap's redirect program must run.</summary>
/// <param name="Devmap">The devmap.</param>
/// <param name="Interface">The name of the ingress interface.</param>
/// <param name="Spec">The desired state.</param>
/// <param name="Revision">The revision of the last change.</param>
/// <param name="CreateTime">When the attachment was created, or adopted.</param>
/// <param name="UpdateTime">When the attachment was last changed.</param>
public sealed record AttachmentRecord(
    string Devmap,
    string Interface,
    AttachmentSpec Spec,
    long Revision,
    DateTimeOffset CreateTime,
    DateTimeOffset UpdateTime) : IDesiredRecord
{
    /// <summary>Returns the write that makes the attachment, for remedies that change a part of it.</summary>
    internal AttachmentWrite ToWrite() => Spec.ToWrite(Devmap, Interface);
}

/// <summary>The observed state of an attachment.</summary>
/// <param name="State">Whether the redirect program runs on the interface.</param>
/// <param name="Ifindex">The ifindex of the interface; null when it does not exist.</param>
/// <param name="LinkId">The id of the <c>bpf_link</c>, as <c>bpftool link</c> shows it; null when there is none.</param>
/// <param name="Mode">How the program is attached, which tells what <see cref="AttachMode.Auto"/> came to; null when there is no link.</param>
/// <param name="ProgramId">The id of the program that runs there, as <c>bpftool prog</c> shows it; null when none runs.</param>
/// <param name="Conditions">The check behind the state.</param>
public sealed record AttachmentStatus(AttachmentState State, uint? Ifindex, uint? LinkId, AttachMode? Mode, uint? ProgramId, IReadOnlyList<Condition> Conditions);

/// <summary>An attachment as the API shows it.</summary>
/// <param name="Devmap">The devmap.</param>
/// <param name="Interface">The name of the ingress interface.</param>
/// <param name="Revision">The revision of the last change.</param>
/// <param name="CreateTime">When the attachment was created, or adopted.</param>
/// <param name="UpdateTime">When the attachment was last changed.</param>
/// <param name="Spec">The desired state.</param>
/// <param name="Status">The observed state.</param>
public sealed record Attachment(
    string Devmap,
    string Interface,
    long Revision,
    DateTimeOffset CreateTime,
    DateTimeOffset UpdateTime,
    AttachmentSpec Spec,
    AttachmentStatus Status);

/// <summary>How a redirect program is attached. The mode is always given: the kernel on its own may choose generic silently.</summary>
public enum AttachMode
{
    /// <summary>In the driver (<c>XDP_FLAGS_DRV_MODE</c>).</summary>
    Native,

    /// <summary>In the stack, on any interface (<c>XDP_FLAGS_SKB_MODE</c>).</summary>
    Generic,

    /// <summary>
    /// By the traffic control of the interface (<c>BPF_TCX_INGRESS</c>, since Linux 6.6). Keeps what stands beside a frame: checksum and
    /// segmentation offload, and the VLAN tag. Egress programs do not run.
    /// </summary>
    Tcx,

    /// <summary>
    /// Chosen when the link is made and kept as long as the link exists: tcx for a veth where the kernel has it, native where the driver
    /// can, else generic. Never the mode of a link.
    /// </summary>
    Auto,
}

/// <summary>The text of modes.</summary>
public static class AttachModes
{
    /// <summary>Returns the mode as the API and the store spell it.</summary>
    public static string ToText(this AttachMode mode) => mode.ToString().ToLowerInvariant();
}

/// <summary>The order of modes that <see cref="AttachMode.Auto"/> tries.</summary>
public static class AutoMode
{
    /// <summary>Returns the modes to try for an ingress interface, the first one first.</summary>
    /// <param name="ingress">The interface.</param>
    /// <param name="hasTcx">Whether the kernel has tcx.</param>
    public static IReadOnlyList<AttachMode> For(InterfaceInfo ingress, bool hasTcx)
    {
        if (hasTcx && ingress.Kind == "veth")
            return [AttachMode.Tcx];
        return ingress.XdpFeatures is { } features && !features.HasFlag(XdpFeatures.Basic)
            ? [AttachMode.Generic]
            : [AttachMode.Native, AttachMode.Generic];
    }
}

/// <summary>Whether the redirect program runs on the interface.</summary>
public enum AttachmentState
{
    /// <summary>The program runs there.</summary>
    Attached,

    /// <summary>The interface does not exist; the program is attached when the interface appears.</summary>
    Pending,

    /// <summary>The kernel refuses to attach the program.</summary>
    Failed,
}
