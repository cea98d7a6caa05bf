namespace ControlPlane.Core.Model;

/// <summary>What an egress program is made of: a template and its parameters. Parameters that the template does not take are null.</summary>
/// <param name="Template">The template.</param>
/// <param name="SourceMac"><c>rewriteMac</c>: the source address to set.</param>
/// <param name="DestinationMac"><c>rewriteMac</c>: the destination address to set.</param>
/// <param name="VlanId"><c>pushVlan</c>: the VLAN id of the tag, 1 .. 4094.</param>
public sealed record EgressProgramConfig(
    EgressTemplate Template,
    MacAddress? SourceMac = null,
    MacAddress? DestinationMac = null,
    ushort? VlanId = null);

/// <summary>The desired state of an egress program, as a write carries it.</summary>
/// <param name="Config">Template and parameters.</param>
/// <param name="Labels">Notes of the caller.</param>
/// <param name="Owner">Who manages the program, by its own account; null for nobody.</param>
public sealed record EgressProgramSpec(EgressProgramConfig Config, Labels Labels, string? Owner)
{
    /// <summary>A spec without labels and owner.</summary>
    public EgressProgramSpec(EgressProgramConfig config)
        : this(config, Labels.Empty, null)
    {
    }
}

/// <summary>The desired state of one egress program, with its identity.</summary>
/// <param name="Name">The name, by which entries carry the program.</param>
/// <param name="Spec">The desired state.</param>
/// <param name="Revision">The revision of the last change.</param>
/// <param name="CreateTime">When the program was created, or adopted.</param>
/// <param name="UpdateTime">When the program was last changed.</param>
public sealed record EgressProgramRecord(string Name, EgressProgramSpec Spec, long Revision, DateTimeOffset CreateTime, DateTimeOffset UpdateTime);

/// <summary>The observed state of an egress program.</summary>
/// <param name="ProgramId">The id of the program in the kernel, as <c>bpftool prog</c> shows it.</param>
/// <param name="Entries">How many entries carry the program, over all devmaps.</param>
/// <param name="Packets">Frames that the program has seen.</param>
/// <param name="Bytes">Bytes of those frames as the program got them.</param>
public sealed record EgressProgramStatus(uint ProgramId, int Entries, ulong Packets, ulong Bytes);

/// <summary>An egress program as the API shows it.</summary>
/// <param name="Name">The name, by which entries carry the program.</param>
/// <param name="Revision">The revision of the last change.</param>
/// <param name="CreateTime">When the program was created, or adopted.</param>
/// <param name="UpdateTime">When the program was last changed.</param>
/// <param name="Spec">The desired state.</param>
/// <param name="Status">The observed state.</param>
public sealed record EgressProgram(
    string Name,
    long Revision,
    DateTimeOffset CreateTime,
    DateTimeOffset UpdateTime,
    EgressProgramSpec Spec,
    EgressProgramStatus Status);

/// <summary>What came of giving all entries for an interface one egress program.</summary>
/// <param name="Interface">The interface.</param>
/// <param name="EgressProgram">The program they carry now; null for none.</param>
/// <param name="Changed">How many entries carried another before.</param>
/// <param name="Revision">The revision of the interface after the change.</param>
public sealed record EgressProgramSwap(string Interface, string? EgressProgram, int Changed, long Revision);

/// <summary>What an egress program makes of one frame.</summary>
/// <param name="Action">What it returns; a frame leaves with <see cref="XdpAction.Pass"/> alone.</param>
/// <param name="Frame">The frame that leaves; empty when none does.</param>
public readonly record struct EgressVerdict(XdpAction Action, ReadOnlyMemory<byte> Frame);

/// <summary>What an XDP program says shall become of a frame: <c>enum xdp_action</c>.</summary>
public enum XdpAction
{
    /// <summary><c>XDP_ABORTED</c>: drop, and fire the <c>xdp_exception</c> tracepoint.</summary>
    Aborted = 0,

    /// <summary><c>XDP_DROP</c>: drop.</summary>
    Drop = 1,

    /// <summary><c>XDP_PASS</c>: on to the stack, or for an egress program out by the target.</summary>
    Pass = 2,

    /// <summary><c>XDP_TX</c>: back out of the interface it came in by.</summary>
    Tx = 3,

    /// <summary><c>XDP_REDIRECT</c>: to where a map says.</summary>
    Redirect = 4,
}
