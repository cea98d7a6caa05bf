using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>What an element of the kernel's map says, or is to say.</summary>
internal sealed class DriftElementResource
{
    /// <summary>The index of the device frames go to.</summary>
    /// <example>12</example>
    public required uint Ifindex { get; init; }

    /// <summary>The name of that device; null when there is none.</summary>
    /// <example>eth0</example>
    public required string? Interface { get; init; }

    /// <summary>The kernel's id of the egress program; null for none.</summary>
    /// <example>101</example>
    public required uint? EgressProgramId { get; init; }

    /// <summary>The name of that program; null for none, and for one that the daemon does not know.</summary>
    /// <example>to-router-1</example>
    public required string? EgressProgram { get; init; }

    public static DriftElementResource? From(DriftElement? element) => element is null ? null : new()
    {
        Ifindex = element.Ifindex,
        Interface = element.Interface,
        EgressProgramId = element.EgressProgramId,
        EgressProgram = element.EgressProgram,
    };
}
