using ControlPlane.Core.Programs;

namespace ControlPlane.Core.Storing;

/// <summary>An egress program as wanted.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Spec">Template and parameters.</param>
/// <param name="Revision">The revision of its last change.</param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="UpdatedAt">When it was last changed.</param>
public sealed record StoredProgram(string Name, EgressProgramSpec Spec, long Revision, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);
