using ControlPlane.Core.Programs;

namespace ControlPlane.Core.Ports;

/// <summary>An egress program in the kernel.</summary>
/// <param name="Name">The name it is pinned under.</param>
/// <param name="Spec">Template and parameters, as loaded.</param>
/// <param name="ProgramId">Its id, as elements of a devmap show it when read.</param>
public sealed record LoadedProgram(string Name, EgressProgramSpec Spec, uint ProgramId);
