using ControlPlane.Core.Ports;

namespace ControlPlane.Core.State;

/// <summary>An interface on which a pass program is wanted, so that a target accepts redirected frames.</summary>
/// <param name="Program">The pass program there; null when the kernel refuses it.</param>
/// <param name="Failure">Why it does; null otherwise.</param>
internal sealed record EnsuredTarget(TargetProgram? Program, string? Failure);
