namespace ControlPlane.UnitTests.Core.Linearizability;

/// <summary>One step of a caller.</summary>
/// <param name="Operation">The operation.</param>
/// <param name="IsHasty">It takes it back at once, which succeeds if the writer has not begun with it.</param>
internal sealed record Step(Operation Operation, bool IsHasty);
