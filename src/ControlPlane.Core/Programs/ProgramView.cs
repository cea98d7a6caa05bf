namespace ControlPlane.Core.Programs;

/// <summary>An egress program as the API shows it.</summary>
/// <param name="Name">Its name, by which entries carry it.</param>
/// <param name="Spec">Template and parameters.</param>
/// <param name="Revision">The revision of its last change.</param>
/// <param name="CreatedAt">When it was loaded, or adopted.</param>
/// <param name="UpdatedAt">When it was last changed.</param>
/// <param name="KernelProgramId">The program's id, as <c>bpftool prog</c> shows it.</param>
/// <param name="Entries">How many entries carry it, over all devmaps.</param>
/// <param name="Packets">Frames it has seen.</param>
/// <param name="Bytes">Their bytes as it got them.</param>
public sealed record ProgramView(
    string Name,
    EgressProgramSpec Spec,
    long Revision,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    uint KernelProgramId,
    int Entries,
    ulong Packets,
    ulong Bytes);
