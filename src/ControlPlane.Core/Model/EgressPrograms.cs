using System.Text.Json.Serialization;

namespace ControlPlane.Core.Model;

/// <summary>The make-up of an egress program: a template and its parameters.</summary>
/// <param name="Template">The template.</param>
/// <param name="Parameters">The parameters; null for none.</param>
public sealed record EgressProgramConfig(EgressTemplate Template, EgressProgramParameters? Parameters = null)
{
    /// <summary>The parameters.</summary>
    public EgressProgramParameters Parameters { get; init; } = Parameters ?? EgressProgramParameters.Empty;
}

/// <summary>The desired state of an egress program: all that a write carries. A write clears the fields it omits.</summary>
/// <param name="Template">The template of the program.</param>
/// <param name="Parameters">The parameters of the template. Null for a template without parameters.</param>
/// <param name="Labels">The caller's own notes, at most 32.</param>
/// <param name="Owner">Who the program belongs to. Null for nobody in particular.</param>
[method: JsonConstructor]
public sealed record EgressProgramSpec(EgressTemplate Template, EgressProgramParameters? Parameters, Labels Labels, [property: JsonPropertyOrder(1)] string? Owner)
{
    /// <summary>The spec of a program with this configuration.</summary>
    public EgressProgramSpec(EgressProgramConfig config, Labels labels, string? owner)
        : this(config.Template, config.Parameters.IsEmpty ? null : config.Parameters, labels, owner)
    {
    }

    /// <summary>A spec without labels and owner.</summary>
    public EgressProgramSpec(EgressProgramConfig config)
        : this(config, Labels.Empty, null)
    {
    }

    /// <summary>The caller's own notes.</summary>
    public Labels Labels { get; init; } = Labels ?? Labels.Empty;

    /// <summary>The part that the kernel loads.</summary>
    [JsonIgnore]
    public EgressProgramConfig Config => new(Template, Parameters);
}

/// <summary>The desired state of one egress program, with its identity.</summary>
/// <param name="Name">The name, by which entries carry the program.</param>
/// <param name="Spec">The desired state.</param>
/// <param name="Revision">The revision of the last change.</param>
/// <param name="CreateTime">When the program was created, or adopted.</param>
/// <param name="UpdateTime">When the program was last changed.</param>
public sealed record EgressProgramRecord(string Name, EgressProgramSpec Spec, long Revision, DateTimeOffset CreateTime, DateTimeOffset UpdateTime) : IDesiredRecord;

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

/// <summary>One egress program for all entries of a devmap that send to an interface. It changes each of them, and is stored as one record.</summary>
/// <param name="Devmap">The devmap.</param>
/// <param name="Interface">The interface, by the name that the entries have for it.</param>
/// <param name="EgressProgram">The program; null for none.</param>
/// <param name="Revision">The revision of the change. The entries have it afterwards.</param>
/// <param name="UpdateTime">When the entries were changed.</param>
public sealed record SwapRecord(string Devmap, string Interface, string? EgressProgram, long Revision, DateTimeOffset UpdateTime) : IDesiredRecord
{
    /// <summary>Whether the change is newer than the entry and about it.</summary>
    public bool Covers(EntryRecord entry) => entry.Revision < Revision && entry.Spec.Interface == Interface && entry.Devmap == Devmap;

    /// <summary>Returns an entry that the change covers as it is after the change.</summary>
    public EntryRecord Apply(EntryRecord entry) =>
        Apply(entry, entry.Spec.EgressProgram == EgressProgram ? entry.Spec : entry.Spec with { EgressProgram = EgressProgram });

    /// <summary>Returns an entry that the change covers as it is after the change, with this equal spec.</summary>
    public EntryRecord Apply(EntryRecord entry, EntrySpec spec) => entry with
    {
        Spec = spec,
        Revision = Revision,
        UpdateTime = entry.UpdateTime > UpdateTime ? entry.UpdateTime : UpdateTime,
    };
}

/// <summary>The outcome of giving all entries for an interface one egress program.</summary>
/// <param name="Interface">The interface.</param>
/// <param name="EgressProgram">The program they carry now; null for none.</param>
/// <param name="Changed">How many entries carried another before.</param>
/// <param name="Revision">The revision of the interface after the change.</param>
public sealed record EgressProgramSwap(string Interface, string? EgressProgram, int Changed, long Revision);

/// <summary>The result of an egress program on one frame.</summary>
/// <param name="Action">Its return value; a frame leaves with <see cref="XdpAction.Pass"/> alone.</param>
/// <param name="Frame">The frame that leaves; empty when none does.</param>
public readonly record struct EgressVerdict(XdpAction Action, ReadOnlyMemory<byte> Frame);

/// <summary>The return value of an XDP program: <c>enum xdp_action</c>.</summary>
public enum XdpAction
{
    /// <summary><c>XDP_ABORTED</c>: drop, and fire the <c>xdp_exception</c> tracepoint.</summary>
    Aborted = 0,

    /// <summary><c>XDP_DROP</c>: drop.</summary>
    Drop = 1,

    /// <summary><c>XDP_PASS</c>: on to the stack, or for an egress program out by the target.</summary>
    Pass = 2,

    /// <summary><c>XDP_TX</c>: back out of the ingress interface.</summary>
    Tx = 3,

    /// <summary><c>XDP_REDIRECT</c>: to where a map says.</summary>
    Redirect = 4,
}
