using ControlPlane.Core.Drops;

namespace ControlPlane.Core.Entries;

/// <summary>What is true of an entry at the moment of the answer. Derived, never stored.</summary>
/// <param name="State">The verdict.</param>
/// <param name="Ifindex">The ifindex the kernel's entry points at; null when it is not in the kernel.</param>
/// <param name="EgressProgramId">The id of the egress program in the kernel's entry; null for none.</param>
/// <param name="Conditions">The checks behind the verdict.</param>
/// <param name="Counters">Traffic; zero when counters are off.</param>
/// <param name="Drops">What the kernel dropped of it, by cause; empty too where the host cannot tell. It belongs to the key, and outlives the entry.</param>
public sealed record EntryStatus(
    EntryState State,
    uint? Ifindex,
    uint? EgressProgramId,
    IReadOnlyList<Condition> Conditions,
    EntryCounters Counters,
    IReadOnlyList<DropCount> Drops);
