using System.Text.Json.Serialization;

namespace ControlPlane.Core.Model;

/// <summary>The desired state of an entry, as a write carries it.</summary>
/// <param name="Interface">The name of the egress interface.</param>
/// <param name="EgressProgram">The egress program, or null for none.</param>
/// <param name="Labels">Notes of the caller.</param>
/// <param name="Owner">Who manages the entry, by its own account; null for nobody.</param>
/// <param name="Actions">Changes of each frame of the entry before it leaves, in every attach mode. Null for none.</param>
[method: JsonConstructor]
public sealed record EntrySpec(
    string Interface, string? EgressProgram, Labels Labels, [property: JsonPropertyOrder(1)] string? Owner, EntryActions? Actions = null)
{
    // JSON has the members in the order of their declarations, and the owner last.

    /// <summary>Changes of each frame of the entry before it leaves, in every attach mode. Null for none, also if no member is set.</summary>
    public EntryActions? Actions { get; init => field = ActionRules.OrNull(value); } = ActionRules.OrNull(Actions);

    /// <summary>The caller's own notes.</summary>
    public Labels Labels { get; init; } = Labels ?? Labels.Empty;

    // Few entries end by themselves: the others have one word for all of it.
    private EntryEnd? _end;

    /// <summary>The lease that the entry ends with. Null for none.</summary>
    [JsonPropertyOrder(2)]
    public string? Lease { get => _end?.Lease; init => _end = EntryEnd.OrNull((_end ?? EntryEnd.None) with { Lease = value }); }

    /// <summary>The fate of the entry when its interface is removed from the host; <see cref="OnInterfaceGone.Keep"/> unless given.</summary>
    [JsonPropertyOrder(2)]
    public OnInterfaceGone OnInterfaceGone
    {
        get => _end?.OnInterfaceGone ?? OnInterfaceGone.Keep;
        init => _end = EntryEnd.OrNull((_end ?? EntryEnd.None) with { OnInterfaceGone = value });
    }

    /// <summary>How long the interface must be missing before the entry is deleted: 1 second to 7 days, in whole milliseconds. Null unless <c>onInterfaceGone</c> is <c>deleteAfter</c>.</summary>
    [JsonPropertyOrder(2)]
    public TimeSpan? DeleteAfter { get => _end?.DeleteAfter; init => _end = EntryEnd.OrNull((_end ?? EntryEnd.None) with { DeleteAfter = value }); }

    /// <summary>A spec without labels and owner.</summary>
    public EntrySpec(string @interface, string? egressProgram = null, EntryActions? actions = null)
        : this(@interface, egressProgram, Labels.Empty, null, actions)
    {
    }
}

/// <summary>The desired state of one entry, with its identity. Immutable: a change makes a new record under a higher revision.</summary>
/// <param name="Devmap">The devmap.</param>
/// <param name="Key">The identity in the devmap.</param>
/// <param name="Spec">The desired state.</param>
/// <param name="Revision">The revision of the last change.</param>
/// <param name="CreateTime">When the entry was created.</param>
/// <param name="UpdateTime">When the entry was last changed.</param>
public sealed record EntryRecord(
    string Devmap,
    EntryKey Key,
    EntrySpec Spec,
    long Revision,
    DateTimeOffset CreateTime,
    DateTimeOffset UpdateTime) : IDesiredRecord
{
    // A million records: eight bytes a time, not sixteen.
    private readonly DateTime _createTime = CreateTime.UtcDateTime;
    private readonly DateTime _updateTime = UpdateTime.UtcDateTime;

    /// <summary>When the entry was created, in UTC.</summary>
    public DateTimeOffset CreateTime { get => _createTime; init => _createTime = value.UtcDateTime; }

    /// <summary>When the entry was last changed, in UTC.</summary>
    public DateTimeOffset UpdateTime { get => _updateTime; init => _updateTime = value.UtcDateTime; }
}

/// <summary>The observed state of an entry at the moment of the answer. Derived, never stored.</summary>
/// <param name="State">The verdict.</param>
/// <param name="KernelKey">The key in the kernel's map; null while the key names an interface that does not exist.</param>
/// <param name="Ifindex">The ifindex that the kernel's element points at; null when the element is not in the kernel.</param>
/// <param name="ResolvedInterface">The device that frames leave by, if the target is a VLAN device; else null. Null in the basic view.</param>
/// <param name="ResolvedActions">The actions with the tag of that VLAN device; else null. Null in the basic view.</param>
/// <param name="EgressProgramId">The id of the egress program in the kernel's element; null for none.</param>
/// <param name="Packets">Frames that the redirect program sent to the entry, over all CPUs; 0 when counters are off, null in the basic view.</param>
/// <param name="Bytes">Bytes of those frames, from the Ethernet header on; null in the basic view.</param>
/// <param name="Expired">Packets whose TTL or hop limit ran out by the action <c>decrementTtl</c>; they went to the network stack. The count belongs to the key and outlives the entry; null in the basic view.</param>
/// <param name="Drops">Frames that an action or the kernel dropped, by cause; those of the kernel only where the host can count them. Drops belong to the key and outlive the entry.</param>
/// <param name="Conditions">The checks behind the verdict.</param>
public sealed record EntryStatus(
    EntryState State,
    uint? KernelKey,
    uint? Ifindex,
    string? ResolvedInterface,
    EntryActions? ResolvedActions,
    uint? EgressProgramId,
    ulong? Packets,
    ulong? Bytes,
    ulong? Expired,
    IReadOnlyList<DropCount> Drops,
    IReadOnlyList<Condition> Conditions);

/// <summary>An entry as the API shows it.</summary>
/// <param name="Devmap">The devmap.</param>
/// <param name="Key">The canonical text form of the key.</param>
/// <param name="Revision">The revision of the last change.</param>
/// <param name="CreateTime">When the entry was created.</param>
/// <param name="UpdateTime">When the entry was last changed.</param>
/// <param name="Spec">The desired state.</param>
/// <param name="Status">The observed state.</param>
public sealed record Entry(
    string Devmap,
    string Key,
    long? Revision,
    DateTimeOffset? CreateTime,
    DateTimeOffset? UpdateTime,
    EntrySpec? Spec,
    EntryStatus Status);

/// <summary>The fate of a frame that the redirect program sends to the entry.</summary>
public enum EntryState
{
    /// <summary>In the kernel, and frames would arrive.</summary>
    Forwarding,

    /// <summary>In the kernel, but some or all frames would be lost; a condition says which, and the remedy.</summary>
    Undeliverable,

    /// <summary>In the kernel, but a fact that the state depends on cannot be seen on this host: a condition is Unknown.</summary>
    Unverified,

    /// <summary>Desired and not in the kernel, because an interface does not exist; the entry is written when the interface appears.</summary>
    Pending,

    /// <summary>The kernel refuses the entry; a condition carries errno and reason.</summary>
    Failed,

    /// <summary>In the kernel, and nobody desires it; an audit with repair removes it.</summary>
    Unmanaged,
}

/// <summary>The frames that the redirect program sent to one entry, over all CPUs.</summary>
/// <param name="Packets">Frames.</param>
/// <param name="Bytes">Their bytes, from the Ethernet header on.</param>
public readonly record struct EntryCounters(ulong Packets, ulong Bytes);
