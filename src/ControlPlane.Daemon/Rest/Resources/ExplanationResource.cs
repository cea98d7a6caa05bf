using ControlPlane.Core.Explaining;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>What becomes of a frame, step by step.</summary>
internal sealed class ExplanationResource
{
    /// <summary>The devmap's name.</summary>
    /// <example>default</example>
    public required string Devmap { get; init; }

    /// <summary>The key in its canonical text form; null when the frame has none, or did not come so far.</summary>
    /// <example>lo</example>
    public required string? Key { get; init; }

    /// <summary>The key in the kernel's map; null likewise.</summary>
    /// <example>1</example>
    public required uint? KernelKey { get; init; }

    /// <summary>The frame, as it was described and completed.</summary>
    public required ExplainedFrameResource Frame { get; init; }

    /// <summary>What was checked, in the order in which a frame meets it, up to the step that decided.</summary>
    public required IEnumerable<ExplainStepResource> Steps { get; init; }

    /// <summary>The final word.</summary>
    public required ExplainVerdictResource Verdict { get; init; }

    public static ExplanationResource From(Explanation explanation) => new()
    {
        Devmap = explanation.Devmap,
        Key = explanation.Key,
        KernelKey = explanation.KernelKey,
        Frame = ExplainedFrameResource.From(explanation.Frame),
        Steps = explanation.Steps.Select(ExplainStepResource.From),
        Verdict = ExplainVerdictResource.From(explanation.Verdict),
    };
}
