namespace ControlPlane.Core.Auditing;

/// <summary>How the kernel differs from what is wanted.</summary>
public enum DriftKind
{
    /// <summary>A wanted element is not in the kernel's map, though its interfaces exist.</summary>
    Missing,

    /// <summary>The element is there with another device or another egress program.</summary>
    Changed,

    /// <summary>There is an element that nobody wants.</summary>
    Foreign,

    /// <summary>The redirect program no longer runs on an interface it is attached to.</summary>
    Detached,

    /// <summary>The redirect program looks keys up in another map, or in none.</summary>
    Inactive,
}
