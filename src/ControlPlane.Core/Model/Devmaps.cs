using System.Globalization;
using System.Text.Json.Serialization;
using ControlPlane.Core.Errors;

namespace ControlPlane.Core.Model;

/// <summary>The desired state of a devmap: what its kernel objects are made with and compared to when they are adopted.</summary>
/// <param name="MaxEntries">Capacity, 1 .. the configured limit. The kernel allocates 8 bytes a bucket for it at once.</param>
/// <param name="ValueSize">8 (<c>struct bpf_devmap_val</c>, since Linux 5.8) or 4 (an ifindex alone: no egress programs).</param>
/// <param name="NumaNode">The NUMA node to allocate on (<c>BPF_F_NUMA_NODE</c>), or null for any.</param>
/// <param name="KeySelector">The part of a frame that is its key.</param>
/// <param name="MissAction">The action on a frame whose key has no entry.</param>
/// <param name="Counters">Whether the redirect program counts; fixed when it is loaded.</param>
/// <param name="EnsureTargets">Whether the daemon makes targets accept redirected frames.</param>
/// <param name="CompleteChecksums">Whether the redirect program completes partial checksums in native mode.</param>
/// <param name="RedirectPeer">Whether frames in tcx mode may go to the peer of a target directly.</param>
/// <param name="Labels">Notes of the caller. A devmap of the configuration has none.</param>
/// <param name="Owner">Who manages the devmap, by its own account; null for nobody.</param>
public sealed record DevmapSpec(
    uint MaxEntries = DevmapSpec.DefaultMaxEntries,
    uint ValueSize = DevmapSpec.DefaultValueSize,
    uint? NumaNode = null,
    KeySelector? KeySelector = null,
    [property: JsonPropertyOrder(1)] MissAction MissAction = MissAction.Pass,
    [property: JsonPropertyOrder(1)] bool Counters = true,
    [property: JsonPropertyOrder(1)] EnsureTargets EnsureTargets = EnsureTargets.Auto,
    [property: JsonPropertyOrder(1)] CompleteChecksums CompleteChecksums = CompleteChecksums.Auto,
    [property: JsonPropertyOrder(1)] RedirectPeer RedirectPeer = RedirectPeer.Auto,
    Labels? Labels = null,
    [property: JsonPropertyOrder(3)] string? Owner = null)
{
    /// <summary>The capacity unless one is given.</summary>
    public const uint DefaultMaxEntries = 65_536;

    /// <summary>The size of a value in bytes unless one is given.</summary>
    public const uint DefaultValueSize = 8;

    /// <summary>The highest number of a NUMA node.</summary>
    public const uint MaxNumaNode = 1023;

    // JSON has the members in the order of their declarations, and this one is declared after those above.

    /// <summary>The part of a frame that is its key.</summary>
    public KeySelector KeySelector { get; init; } = KeySelector ?? KeySelector.IngressInterface;

    /// <summary>The caller's own notes.</summary>
    [JsonPropertyOrder(2)]
    public Labels Labels { get; init; } = Labels ?? Labels.Empty;

    /// <summary>Returns whether two specs differ in nothing that the kernel objects depend on.</summary>
    public bool HasSameObjects(DevmapSpec other) => this with { Labels = other.Labels, Owner = other.Owner } == other;

    /// <summary>Collects what no devmap can have.</summary>
    internal void Validate(DevmapLimits limits, Violations violations)
    {
        if ((MaxEntries < 1 || MaxEntries > limits.MaxEntries) && !violations.Has("maxEntries"))
            violations.Add("maxEntries", string.Create(CultureInfo.InvariantCulture, $"must be 1 to {limits.MaxEntries}"));
        if (ValueSize is not (4 or 8) && !violations.Has("valueSize"))
            violations.Add("valueSize", "must be 4 or 8");
        if (NumaNode > MaxNumaNode)
            violations.Add("numaNode", string.Create(CultureInfo.InvariantCulture, $"must be 0 to {MaxNumaNode}, or null for any"));
        LabelRules.Validate(Labels, Owner, violations);
    }

    /// <summary>Returns why a devmap with this spec cannot get another one: a member that is fixed when the kernel objects are made. Empty if it can.</summary>
    internal IReadOnlyList<FieldViolation> FixedMembersThatDiffer(DevmapSpec next)
    {
        List<FieldViolation> found = [];
        Compare("valueSize", ValueSize, next.ValueSize);
        Compare("numaNode", NumaNode, next.NumaNode);
        Compare("keySelector", KeySelector.Name, next.KeySelector.Name);
        // A resize builds another map for the programs that there are.
        if (next.MaxEntries != MaxEntries && !(this with { MaxEntries = next.MaxEntries }).HasSameObjects(next))
            found.Add(new("maxEntries", "cannot change in the same call as other settings of the kernel's objects: make two calls"));
        return found;

        void Compare<T>(string member, T now, T asked)
        {
            if (!EqualityComparer<T>.Default.Equals(now, asked))
                found.Add(new(member, string.Create(CultureInfo.InvariantCulture, $"cannot change, and is {(object?)now ?? "null"}: delete the devmap and create another")));
        }
    }
}

/// <summary>The limits of devmaps.</summary>
/// <param name="MaxEntries">The largest capacity. 1 .. 2,147,483,648.</param>
public sealed record DevmapLimits(uint MaxEntries = 1_048_576)
{
    /// <summary>Most devmaps, those of the configuration included.</summary>
    public const int MaxDevmaps = 256;
}

/// <summary>The place where a devmap is declared.</summary>
public enum DeclaredIn
{
    /// <summary>In the configuration of the daemon: it cannot be changed or deleted by the API.</summary>
    Configuration,

    /// <summary>By the API.</summary>
    Api,
}

/// <summary>The desired state of one devmap, with its identity.</summary>
/// <param name="Name">The name, <c>[a-z][a-z0-9_]{0,14}</c> (<see cref="DevmapName"/>).</param>
/// <param name="Spec">The desired state.</param>
public sealed record DevmapRecord(string Name, DevmapSpec Spec) : IDesiredRecord
{
    /// <summary>The place where the devmap is declared.</summary>
    public DeclaredIn DeclaredIn { get; init; }

    /// <summary>The revision of the last change of the settings.</summary>
    public long Revision { get; init; }

    /// <summary>The revision at which the devmap was made by the API; 0 for one of the configuration. Changes before it are those of another devmap of its name.</summary>
    public long CreateRevision { get; init; }

    /// <summary>When the devmap was created, or adopted.</summary>
    public DateTimeOffset CreateTime { get; init; }

    /// <summary>When the settings were last changed.</summary>
    public DateTimeOffset UpdateTime { get; init; }
}

/// <summary>
/// The action on a frame whose key has no entry. The values are those of <c>enum xdp_action</c>, as
/// <c>bpf_redirect_map</c> takes them in its flags.
/// </summary>
public enum MissAction
{
    /// <summary><c>XDP_ABORTED</c>: drop, and fire the <c>xdp_exception</c> tracepoint.</summary>
    Abort = 0,

    /// <summary><c>XDP_DROP</c>: drop.</summary>
    Drop = 1,

    /// <summary><c>XDP_PASS</c>: hand the frame to the network stack.</summary>
    Pass = 2,
}

/// <summary>Whether the daemon itself makes targets accept redirected frames.</summary>
public enum EnsureTargets
{
    /// <summary>
    /// It attaches a program that passes every frame where a target needs one to accept redirected frames and that interface has
    /// none, and detaches it when no entry needs it any more. Only to virtual devices: attaching XDP resets many NICs.
    /// </summary>
    Auto,

    /// <summary>It does so to hardware, too. There the program stays when no entry needs it any more, because detaching also resets a NIC.</summary>
    On,

    /// <summary>It does not.</summary>
    Off,
}

/// <summary>The observed state of a devmap.</summary>
/// <param name="DeclaredIn">The place where the devmap is declared. One of the configuration cannot be changed or deleted by the API.</param>
/// <param name="Entries">How many entries the devmap has, pending and failed ones included.</param>
/// <param name="KernelMapId">The id of the active <c>BPF_MAP_TYPE_DEVMAP_HASH</c>, as <c>bpftool map</c> shows it.</param>
/// <param name="RedirectProgramId">The id of the redirect program, as <c>bpftool prog</c> shows it.</param>
/// <param name="Adopted">Whether the kernel objects existed when the daemon started.</param>
/// <param name="Traffic">The counts of the redirect program; null when counters are off.</param>
/// <param name="Drops">The frames with an entry that an action or the kernel dropped; null where the host cannot count them.</param>
/// <param name="MissedKeys">Keys that frames had and the devmap lacked, newest first, each in its canonical text form too.</param>
/// <param name="Audit">The findings of audits since the daemon started.</param>
/// <param name="Conditions">Checks of the devmap as a whole.</param>
public sealed record DevmapStatus(
    DeclaredIn DeclaredIn,
    int Entries,
    uint KernelMapId,
    uint RedirectProgramId,
    bool Adopted,
    DevmapCounters? Traffic,
    DevmapDrops? Drops,
    IReadOnlyList<MissedKey> MissedKeys,
    AuditSummary? Audit,
    IReadOnlyList<Condition> Conditions);

/// <summary>A devmap as the API shows it.</summary>
/// <param name="Name">The name.</param>
/// <param name="Revision">The revision of the last change of the devmap or of anything in it.</param>
/// <param name="SpecRevision">The revision of the last change of the devmap itself: the one for preconditions.</param>
/// <param name="CreateTime">When the devmap was created, or adopted.</param>
/// <param name="UpdateTime">When the settings of the devmap were last changed.</param>
/// <param name="Spec">The desired state.</param>
/// <param name="Status">The observed state.</param>
public sealed record Devmap(
    string Name, long Revision, long SpecRevision, DateTimeOffset CreateTime, DateTimeOffset UpdateTime, DevmapSpec Spec, DevmapStatus Status);

/// <summary>The counts of a devmap's redirect program since it was loaded, over all CPUs.</summary>
/// <param name="RedirectedPackets">Frames whose key had an entry; whether they left is a question for the entry's status.</param>
/// <param name="RedirectedBytes">Bytes of those frames, from the Ethernet header on.</param>
/// <param name="MissedPackets">Frames whose key had no entry.</param>
/// <param name="MissedBytes">Bytes of those frames.</param>
/// <param name="UnkeyedPackets">Frames that have no such key (no IPv4 header, truncated); they took the miss action.</param>
/// <param name="UnkeyedBytes">Bytes of those frames.</param>
/// <param name="ChecksumsCompleted">Redirected frames whose partial checksum the redirect program completed.</param>
/// <param name="ChecksumsIncomplete">Redirected frames whose checksum is or may be partial and which the redirect program cannot complete: the receiver drops those that are.</param>
/// <param name="EgressProgramDrops">Frames from an ingress in tcx mode that were dropped because their entry has an egress program, which does not run there.</param>
/// <param name="PeerRedirectedPackets">Redirected frames that went to the peer of their target directly, in tcx mode. The counters of the target do not show them.</param>
/// <param name="ActionFailedPackets">Frames that were dropped because an action of their entry could not be applied.</param>
/// <param name="ExpiredPackets">Packets whose TTL or hop limit ran out by an action; they went to the network stack.</param>
public readonly record struct DevmapCounters(
    ulong RedirectedPackets,
    ulong RedirectedBytes,
    ulong MissedPackets,
    ulong MissedBytes,
    ulong UnkeyedPackets,
    ulong UnkeyedBytes,
    ulong ChecksumsCompleted = 0,
    ulong ChecksumsIncomplete = 0,
    ulong EgressProgramDrops = 0,
    ulong PeerRedirectedPackets = 0,
    ulong ActionFailedPackets = 0,
    ulong ExpiredPackets = 0);

/// <summary>
/// A key that frames had and the devmap lacked. There is room for 64 keys on each CPU, each in the place of its hash, where the last
/// one to miss stays: a key that misses now is in the sample, one that missed once may be gone.
/// </summary>
/// <param name="KernelKey">The key.</param>
/// <param name="Packets">Frames with it since it took its place: at least so many, not all there ever were.</param>
/// <param name="LastSeen">When the last one missed, to some milliseconds.</param>
public sealed record MissedKeyCount(uint KernelKey, ulong Packets, DateTimeOffset LastSeen);

/// <summary>A key that frames had and the devmap does not have.</summary>
/// <param name="Key">The key as it would be written for an entry.</param>
/// <param name="KernelKey">The key in the kernel.</param>
/// <param name="Packets">A lower bound of the frames with this key: a key can lose its place in the sample to another key.</param>
/// <param name="LastSeenTime">When the last frame missed.</param>
public sealed record MissedKey(string Key, uint KernelKey, ulong Packets, DateTimeOffset LastSeenTime);
