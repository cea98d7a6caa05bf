namespace ControlPlane.Core.Ports;

/// <summary>A pinned <c>bpf_link</c> of the pass program.</summary>
/// <param name="Interface">The name it was made for, which is also its pin's name: a rename does not change it.</param>
/// <param name="Ifindex">The ifindex it is attached to; 0 when that device is gone and the link is dead.</param>
/// <param name="LinkId">The link's id.</param>
/// <param name="ProgramId">The program's id, as the interface shows it; the same for all.</param>
public sealed record TargetProgram(string Interface, uint Ifindex, uint LinkId, uint ProgramId);
