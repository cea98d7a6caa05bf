using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Native;

// Mirrors of bpf/devmapd.h: the structs that the BPF programs share with user space.

/// <summary>Constants of bpf/devmapd.h, under their C names.</summary>
internal static class DevmapdConstants
{
    public const uint DEVMAPD_MAGIC = 0x706d7664;
    public const uint DEVMAPD_VERSION = 6;
    public const uint DEVMAPD_OLDEST_VERSION = 1;
    public const uint DEVMAPD_MISSED_KEYS = 64;
    public const int DEVMAPD_PART_SHIFT = 12;
    public const int DEVMAPD_PART_IDS = 1 << DEVMAPD_PART_SHIFT;
    public const int DEVMAPD_OWN_IDS = DEVMAPD_PART_IDS - 1;
    public const int DEVMAPD_BUCKET_PLACES = 4;
    public const uint DEVMAPD_HAS_ACTIONS = 2;
    public const ushort DEVMAPD_SET_SOURCE = 1;
    public const ushort DEVMAPD_SET_DESTINATION = 2;
    public const ushort DEVMAPD_SET_VLAN = 4;
    public const ushort DEVMAPD_ADD_VLAN = 8;
    public const ushort DEVMAPD_REMOVE_VLAN = 16;
    public const ushort DEVMAPD_DECREMENT_TTL = 32;
    public const uint DEVMAPD_ACTION_COUNTS = 4096;
    public const int DEVMAPD_VERDICTS = 5;
    public const int DEVMAPD_REHEARSED_KEYS = 16384;
}

/// <summary><c>enum devmapd_verdict</c>: what a rehearsed frame would do.</summary>
internal enum devmapd_verdict : uint
{
    Same = 0,
    OtherTarget = 1,
    WouldMiss = 2,
    WouldHit = 3,
    StillMisses = 4,
}

/// <summary><c>enum devmapd_kind</c>: the kind of program that a config belongs to.</summary>
internal enum devmapd_kind : uint
{
    Redirect = 1,
    Egress = 2,
    Drops = 3,
    Pass = 4,
    Tcx = 5,
}

/// <summary><c>struct devmapd_redirect_config</c>: the settings of a redirect program.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_redirect_config
{
    public uint magic;
    public uint version;
    public devmapd_kind kind;
    public uint selector;
    public uint miss_action;
    public uint counters;

    /// <summary>-1 for any.</summary>
    public int numa_node;

    /// <summary>0 if the devmap's values are an ifindex alone.</summary>
    public uint egress_programs;
}

/// <summary><c>struct devmapd_tcx_config</c>: the settings of a redirect program for tcx.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_tcx_config
{
    public uint magic;
    public uint version;
    public devmapd_kind kind;
    public uint selector;
    public uint miss_action;
    public uint counters;

    /// <summary>0 if the devmap's values are an ifindex alone.</summary>
    public uint egress_programs;

    /// <summary>1 if frames may go to a target's peer directly.</summary>
    public uint redirect_peer;
}

/// <summary><c>struct devmapd_egress_config</c>: the settings of an egress program.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct devmapd_egress_config
{
    public uint magic;
    public uint version;
    public devmapd_kind kind;
    public uint template;
    public ushort vlan_id;
    public byte set_source;
    public byte set_destination;
    public fixed byte source_mac[6];
    public fixed byte destination_mac[6];
}

/// <summary><c>struct devmapd_pass_config</c>: the mark of a pass program, which has no settings.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_pass_config
{
    public uint magic;
    public uint version;
    public devmapd_kind kind;
}

/// <summary><c>struct devmapd_drops_config</c>: the settings of the programs that count drops.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_drops_config
{
    public uint magic;
    public uint version;
    public devmapd_kind kind;

    /// <summary>The inode number of the network namespace.</summary>
    public uint netns;
    public ulong build;
}

/// <summary><c>struct devmapd_counter</c>: one CPU's share.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_counter
{
    public ulong packets;
    public ulong bytes;
}

/// <summary><c>struct devmapd_hash</c>: how the keys of an entry table find their two buckets.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_hash
{
    /// <summary>An odd number.</summary>
    public ulong first;

    /// <summary>An odd number.</summary>
    public ulong second;

    /// <summary>64 less the bits of the number of buckets.</summary>
    public uint shift;
    private readonly uint _padding;
}

/// <summary><c>struct devmapd_switch</c>: which place of the slots is active, and how the tables in them are hashed.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_switch
{
    /// <summary>The place, 0 or 1, and <see cref="DevmapdConstants.DEVMAPD_HAS_ACTIONS"/>.</summary>
    public uint which;

    /// <summary>Odd while an element and its actions change.</summary>
    public uint changes;
    public devmapd_hash hash0;
    public devmapd_hash hash1;
}

/// <summary><c>struct devmapd_actions</c>: what is done to the frames of an entry.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct devmapd_actions
{
    public fixed byte source_mac[6];
    public fixed byte destination_mac[6];

    /// <summary>0 for nothing.</summary>
    public ushort flags;

    /// <summary>1 .. 4094, of the tag that is set or added.</summary>
    public ushort vlan_id;
}

/// <summary><c>struct devmapd_version</c>: an element and its actions.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_version
{
    /// <summary>0 if there is no element.</summary>
    public uint ifindex;

    /// <summary>The id of the egress program; 0 for none.</summary>
    public uint program;
    public devmapd_actions actions;
}

/// <summary><c>struct devmapd_change</c>: an element that changes together with its actions.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_change
{
    public uint key;
    private readonly uint _padding;
    public devmapd_version before;
    public devmapd_version after;
}

/// <summary><c>struct devmapd_guard</c>: a guarded switch, in memory that programs and user space share.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_guard
{
    public ulong phase;
    public ulong ended_ns;
    public ulong deadline_ns;
    public ulong errors;
    public ulong most_errors;
    public uint place;
    public uint map_id;
    public ulong since;
}

/// <summary><c>struct devmapd_guard_order</c>: what is asked of a guard.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_guard_order
{
    public ulong timeout_ns;
    public ulong most_errors;
    public uint map_id;
    private readonly uint _padding;
}

/// <summary><c>struct devmapd_rehearsed_key</c>: what the frames of a rehearsal are counted by.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_rehearsed_key
{
    public uint key;
    public devmapd_verdict verdict;
}

/// <summary><c>struct devmapd_action_count</c>: one CPU's share of a key.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_action_count
{
    public ulong failed;
    public ulong expired;

    /// <summary>CLOCK_MONOTONIC.</summary>
    public ulong last_failed_ns;
}

/// <summary><c>struct devmapd_action_totals</c>: one CPU's share.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_action_totals
{
    public ulong failed;
    public ulong expired;
}

/// <summary><c>struct devmapd_totals</c>: one CPU's share.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_totals
{
    /// <summary>Counted by programs before layout version 4.</summary>
    public devmapd_counter redirected;
    public devmapd_counter missed;
    public devmapd_counter unkeyed;
}

/// <summary><c>struct devmapd_more_totals</c>: one CPU's share.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_more_totals
{
    public ulong checksums_completed;
    public ulong checksums_incomplete;
    public ulong egress_programs;
}

/// <summary><c>struct devmapd_missed_key</c>: one CPU's sample of one missed key.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_missed_key
{
    public uint key;
    private readonly uint _padding;

    /// <summary>0 if the place is free.</summary>
    public ulong packets;

    /// <summary>CLOCK_MONOTONIC.</summary>
    public ulong last_ns;
}

/// <summary><c>struct devmapd_drop</c>: one CPU's share.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_drop
{
    public ulong packets;

    /// <summary>CLOCK_MONOTONIC.</summary>
    public ulong last_ns;
    public ulong last_tick;
}

/// <summary><c>struct devmapd_redirect_errors</c>: one CPU's share of a devmap's redirect errors, by cause.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_redirect_errors
{
    public ulong target_down;
    public ulong too_long;
    public ulong not_accepted;
    public ulong other;
}

/// <summary><c>struct devmapd_redirect_error_key</c>: redirect errors are counted by map, key and errno.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_redirect_error_key
{
    public uint map_id;
    public uint key;
    public uint error;
}

/// <summary><c>struct devmapd_transmit_drop_key</c>: transmit drops are counted by device pair and errno.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_transmit_drop_key
{
    public uint from;
    public uint to;
    public uint error;
}

/// <summary><c>struct devmapd_exception_key</c>: XDP exceptions are counted by device, program and action.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_exception_key
{
    public uint ifindex;
    public uint program_id;
    public uint action;
}

/// <summary><c>struct devmapd_live_run</c>: frames that the daemon sends through a redirect program, and what became of them.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_live_run
{
    /// <summary>The sender, as <c>bpf_get_current_pid_tgid()</c> tells it; 0 if nobody sends.</summary>
    public ulong thread;
    public ulong sent;
    public ulong dropped;
    public ulong refused;

    /// <summary>The errno of the last drop; 0 where the kernel gives none.</summary>
    public uint drop_error;

    /// <summary>The errno of the last refusal.</summary>
    public uint refusal;
    public uint map_id;
    public uint key;

    /// <summary>The ifindex of the ingress.</summary>
    public uint from;

    /// <summary>The ifindex of the target.</summary>
    public uint to;
}

/// <summary><c>struct devmapd_peer</c>: the answer of the program that peeks at the peer of a veth.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_peer
{
    public ulong features;
    public uint ifindex;
    public uint padding;
}
