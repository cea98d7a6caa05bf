namespace ControlPlane.Core.Explaining;

/// <summary>What becomes of a frame, step by step.</summary>
/// <param name="Devmap">The devmap's name.</param>
/// <param name="Key">The key in its canonical text form; null when the frame has none, or did not come so far.</param>
/// <param name="KernelKey">The key in the kernel's map; null likewise.</param>
/// <param name="Frame">The frame.</param>
/// <param name="Steps">What was checked, in the order in which a frame meets it, up to the step that decided.</param>
/// <param name="Verdict">The final word.</param>
public sealed record Explanation(
    string Devmap, string? Key, uint? KernelKey, ExplainedFrame Frame, IReadOnlyList<ExplainStep> Steps, ExplainVerdict Verdict);
