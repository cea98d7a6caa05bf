using ControlPlane.Core.Ports;

namespace ControlPlane.Core.State;

/// <summary>An egress program as it stands.</summary>
/// <param name="Loaded">What is in the kernel.</param>
/// <param name="Revision">The revision of its last change.</param>
/// <param name="CreatedAt">When it was first loaded, or adopted.</param>
/// <param name="UpdatedAt">When it was last loaded.</param>
/// <param name="Entries">How many entries carry it.</param>
internal sealed record ProgramStatus(LoadedProgram Loaded, long Revision, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, int Entries);
