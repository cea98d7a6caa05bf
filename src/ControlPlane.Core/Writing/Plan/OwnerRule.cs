using ControlPlane.Core.Errors;

namespace ControlPlane.Core.Writing.Plan;

/// <summary>Who a write is for, as its caller says.</summary>
/// <param name="Owner">The owner; null for none.</param>
/// <param name="Force">Whether a resource of another owner may be changed and deleted.</param>
internal readonly record struct OwnerClaim(string? Owner, bool Force = false);

/// <summary>
/// The rule that a write changes and deletes only what belongs to its owner. A resource without an owner belongs to writes without one. A new
/// resource belongs to nobody yet, and a write of what is stored changes nothing: neither is asked about.
/// </summary>
internal static class OwnerRule
{
    /// <summary>Returns why a write breaks the rule; null if it does not.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="owner">Its owner; null for none.</param>
    /// <param name="claim">Who the write is for.</param>
    /// <param name="deletes">Whether it deletes the resource.</param>
    public static Error? Find(string resource, string? owner, OwnerClaim claim, bool deletes = false) =>
        claim.Force || owner == claim.Owner ? null : RequestErrors.OwnedByOther(resource, owner, claim.Owner, deletes);

    /// <summary>Refuses a write that breaks the rule.</summary>
    /// <inheritdoc cref="Find"/>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.OwnedByOther"/>.</exception>
    public static void Require(string resource, string? owner, OwnerClaim claim, bool deletes = false)
    {
        if (Find(resource, owner, claim, deletes) is { } foreign)
            throw new ControlPlaneException(foreign);
    }
}
