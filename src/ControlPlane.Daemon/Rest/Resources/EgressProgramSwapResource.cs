using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>What came of giving all entries for an interface one egress program.</summary>
internal sealed class EgressProgramSwapResource
{
    /// <summary>The interface.</summary>
    /// <example>lo</example>
    public required string Interface { get; init; }

    /// <summary>The egress program its entries carry now; null for none.</summary>
    /// <example>null</example>
    public required string? EgressProgram { get; init; }

    /// <summary>How many entries carried another before.</summary>
    /// <example>1</example>
    public required int Changed { get; init; }

    /// <summary>The revision of the last of these changes; that of the daemon when there was none.</summary>
    /// <example>42</example>
    public required long Revision { get; init; }

    public static EgressProgramSwapResource From(EgressProgramSwap swap) =>
        new() { Interface = swap.Interface, EgressProgram = swap.EgressProgram, Changed = swap.Changed, Revision = swap.Revision };
}
