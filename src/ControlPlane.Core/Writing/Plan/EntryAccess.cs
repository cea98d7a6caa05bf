using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Writing.Plan;

/// <summary>The check of a caller's limits against the entry that it writes. The role is checked before, from the table of operations.</summary>
internal static class EntryAccess
{
    /// <summary>Refuses a devmap, or an owner, that the caller's limits exclude.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.PermissionDenied"/>.</exception>
    public static void Require(Caller caller, string devmap, string resource, params ReadOnlySpan<string?> owners)
    {
        var limits = caller.Limits;
        if (limits.AreNone)
            return;
        if (!limits.AllowDevmap(devmap))
        {
            throw new ControlPlaneException(limits.Devmaps.Count > 0 && !limits.Devmaps.Contains(devmap)
                ? AccessErrors.OutsideLimit(caller.Token!, "devmaps", limits.Devmaps, resource, $"is in '{devmap}'")
                : KeyOutside(caller, resource));
        }

        foreach (var owner in owners)
        {
            if (!limits.AllowOwner(owner))
                throw new ControlPlaneException(OwnerOutside(caller, resource, owner));
        }
    }

    /// <summary>Refuses a key that the caller's limits exclude.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.PermissionDenied"/>.</exception>
    public static void RequireKey(Caller caller, DevmapRecord devmap, EntryKey key, string resource)
    {
        if (!caller.Limits.AllowKey(devmap.Name, devmap.Spec.KeySelector, key))
            throw new ControlPlaneException(KeyOutside(caller, resource));
    }

    /// <summary>Refuses a lease of an owner that the caller's limits exclude. Other limits say nothing of leases.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.PermissionDenied"/>.</exception>
    public static void RequireLease(Caller caller, string lease, params ReadOnlySpan<string?> owners)
    {
        foreach (var owner in owners)
        {
            if (!caller.Limits.AllowOwner(owner))
                throw new ControlPlaneException(OwnerOutside(caller, $"leases/{lease}", owner));
        }
    }

    private static Error OwnerOutside(Caller caller, string resource, string? owner) =>
        AccessErrors.OutsideLimit(caller.Token!, "owners", caller.Limits.Owners, resource, owner is null ? "has no owner" : $"has the owner '{owner}'");

    private static Error KeyOutside(Caller caller, string resource) =>
        AccessErrors.OutsideLimit(caller.Token!, "keyRanges", caller.Limits.KeyRanges.Select(r => r.ToString()), resource, "is in none of them");
}
