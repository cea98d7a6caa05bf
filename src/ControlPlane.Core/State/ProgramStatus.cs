using ControlPlane.Core.Ports;
using ControlPlane.Core.Storing;

namespace ControlPlane.Core.State;

/// <summary>An egress program as it stands.</summary>
/// <param name="Wanted">What is wanted.</param>
/// <param name="Loaded">What is in the kernel.</param>
/// <param name="Entries">How many entries carry it.</param>
internal sealed record ProgramStatus(StoredProgram Wanted, LoadedProgram Loaded, int Entries);
