namespace ControlPlane.Core.Auditing;

/// <summary>What an element of the kernel's map says, or is to say.</summary>
/// <param name="Ifindex">The device frames go to.</param>
/// <param name="Interface">Its name; null when there is no such device.</param>
/// <param name="EgressProgramId">The kernel's id of the egress program; null for none.</param>
/// <param name="EgressProgram">The name of that program; null for none, and for one that is not of this daemon.</param>
public sealed record DriftElement(uint Ifindex, string? Interface, uint? EgressProgramId, string? EgressProgram);
