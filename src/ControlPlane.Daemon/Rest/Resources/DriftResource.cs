using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>A difference between the kernel and what is wanted that others have made.</summary>
internal sealed class DriftResource
{
    /// <summary>
    /// `missing`: a wanted element is not in the kernel. `changed`: it is, with another device or egress program. `foreign`: nobody wants the
    /// element. `detached`: the redirect program does not run on an interface it is attached to. `inactive`: it looks keys up in another map, or in none.
    /// </summary>
    /// <example>changed</example>
    public required DriftKind Kind { get; init; }

    /// <summary>The entry's key in its canonical form, or the kernel key of a foreign element; null for `detached` and `inactive`.</summary>
    /// <example>lo</example>
    public required string? Key { get; init; }

    /// <summary>The key in the kernel's map; null for `detached` and `inactive`.</summary>
    /// <example>1</example>
    public required uint? KernelKey { get; init; }

    /// <summary>The ingress interface that was detached; null for elements.</summary>
    /// <example>null</example>
    public required string? Interface { get; init; }

    /// <summary>What the kernel had; null for nothing.</summary>
    public required DriftElementResource? Found { get; init; }

    /// <summary>What it is to have; null for nothing.</summary>
    public required DriftElementResource? Wanted { get; init; }

    /// <summary>Whether the kernel is as wanted now.</summary>
    /// <example>true</example>
    public required bool Repaired { get; init; }

    /// <summary>Why it is not, though it was to be repaired; null otherwise.</summary>
    /// <example>null</example>
    public required string? Failure { get; init; }

    public static DriftResource From(Drift drift) => new()
    {
        Kind = drift.Kind,
        Key = drift.Key,
        KernelKey = drift.KernelKey,
        Interface = drift.Interface,
        Found = DriftElementResource.From(drift.Found),
        Wanted = DriftElementResource.From(drift.Wanted),
        Repaired = drift.Repaired,
        Failure = drift.Failure,
    };
}
