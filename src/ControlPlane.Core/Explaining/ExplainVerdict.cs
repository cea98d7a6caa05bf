namespace ControlPlane.Core.Explaining;

/// <summary>The final word.</summary>
/// <param name="Outcome">What becomes of the frame.</param>
/// <param name="Reason">Why: a stable CamelCase code, that of the step that decided.</param>
/// <param name="Message">A sentence for people.</param>
/// <param name="Remedy">What would let the frame leave; null where nothing needs to be done.</param>
/// <param name="Leaving">The frame as it leaves; null when it does not.</param>
public sealed record ExplainVerdict(ExplainOutcome Outcome, string Reason, string Message, string? Remedy = null, LeavingFrame? Leaving = null);
