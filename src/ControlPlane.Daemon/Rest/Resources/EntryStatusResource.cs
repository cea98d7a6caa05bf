using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>What is true of an entry: derived at each answer from the kernel, the interfaces and the attachments.</summary>
internal sealed class EntryStatusResource
{
    /// <summary>
    /// The verdict on a frame that the redirect program sends to the entry. `Forwarding`: it would leave. `Undeliverable`: it
    /// would be dropped, a condition says why. `Pending`: not in the kernel, because an interface does not exist; it is
    /// written when that appears. `Failed`: the kernel refuses the entry.
    /// </summary>
    /// <example>Forwarding</example>
    public required EntryState State { get; init; }

    /// <summary>The ifindex the kernel's entry points at; null when it is not in the kernel.</summary>
    /// <example>1</example>
    public required uint? Ifindex { get; init; }

    /// <summary>The id of the egress program in the kernel's entry, as `bpftool prog` shows it; null for none.</summary>
    /// <example>101</example>
    public required uint? EgressProgramId { get; init; }

    /// <summary>The checks behind the verdict.</summary>
    public required IReadOnlyList<ConditionResource> Conditions { get; init; }

    /// <summary>Frames sent to this entry, over all CPUs; 0 when the devmap does not count.</summary>
    /// <example>0</example>
    public required ulong Packets { get; init; }

    /// <summary>Bytes of those frames, from the Ethernet header on.</summary>
    /// <example>0</example>
    public required ulong Bytes { get; init; }

    /// <summary>
    /// What the kernel dropped of the frames with this key after the redirect, by cause; empty too where the host cannot tell (feature
    /// `drop_counters`). It belongs to the key and outlives the entry.
    /// </summary>
    public required IEnumerable<DropCountResource> Drops { get; init; }

    public static EntryStatusResource From(EntryStatus status, ConditionResources conditions) => new()
    {
        State = status.State,
        Ifindex = status.Ifindex,
        EgressProgramId = status.EgressProgramId,
        Conditions = conditions.Of(status.Conditions),
        Packets = status.Packets ?? 0,
        Bytes = status.Bytes ?? 0,
        Drops = status.Drops.Select(DropCountResource.From),
    };
}
