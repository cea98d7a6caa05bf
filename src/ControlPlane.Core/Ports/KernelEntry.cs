namespace ControlPlane.Core.Ports;

/// <summary>An element as the kernel's map gives it: a program <b>id</b>, where a write takes a program fd.</summary>
/// <param name="Ifindex">The target device.</param>
/// <param name="EgressProgramId">The id of the egress program; 0 for none.</param>
public readonly record struct KernelEntry(uint Ifindex, uint EgressProgramId);
