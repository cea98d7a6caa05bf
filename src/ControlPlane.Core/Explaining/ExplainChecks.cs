using ControlPlane.Core.Model;

namespace ControlPlane.Core.Explaining;

/// <summary>The checks of an explanation that are no <see cref="ConditionTypes"/>.</summary>
public static class ExplainChecks
{
    /// <summary>The interface exists and such a frame can come in by it.</summary>
    public const string IngressReceives = "IngressReceives";

    /// <summary>The frame has a key.</summary>
    public const string KeyFound = "KeyFound";

    /// <summary>The redirect program looks keys up in the devmap's map. Told only where it does not.</summary>
    public const string DevmapActive = "DevmapActive";

    /// <summary>What the egress program makes of the frame, by a dry run.</summary>
    public const string EgressProgramRun = "EgressProgramRun";
}
