namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>What is true of an egress program.</summary>
internal sealed class ProgramStatusResource
{
    /// <summary>The program's id, as `bpftool prog` shows it; it changes when the program is replaced.</summary>
    /// <example>101</example>
    public required uint KernelProgramId { get; init; }

    /// <summary>Number of entries that carry it, over all devmaps.</summary>
    /// <example>0</example>
    public required int Entries { get; init; }

    /// <summary>Frames it has seen since it was loaded, over all CPUs.</summary>
    /// <example>0</example>
    public required ulong Packets { get; init; }

    /// <summary>Bytes of those frames as it got them, from the Ethernet header on.</summary>
    /// <example>0</example>
    public required ulong Bytes { get; init; }
}
