namespace ControlPlane.Core.Model;

/// <summary>
/// The device that frames of an entry really leave by, and the actions on them. A target that is a VLAN device stands for the device below it
/// and a pushed tag, in every attach mode: no driver sends redirected frames by a VLAN device in native mode.
/// </summary>
/// <param name="Named">The interface that the spec names.</param>
/// <param name="Device">The device that the kernel's element points at.</param>
/// <param name="Actions">The actions on frames; null for none.</param>
/// <param name="Conflicts">Whether the entry has an action on tags of its own beside the tag of the VLAN device. There is room for one.</param>
public readonly record struct ResolvedTarget(InterfaceInfo Named, InterfaceInfo Device, EntryActions? Actions, bool Conflicts)
{
    /// <summary>Whether the spec names a VLAN device.</summary>
    public bool IsVlan => !ReferenceEquals(Named, Device);

    /// <summary>Returns the target of an entry; null while the interface does not exist.</summary>
    public static ResolvedTarget? Of(EntrySpec spec, InterfaceTable interfaces)
    {
        if (interfaces.Find(spec.Interface) is not { } named)
            return null;
        var device = interfaces.DeviceOf(named);
        if (ReferenceEquals(named, device))
            return new(named, named, spec.Actions, Conflicts: false);
        var conflicts = (ActionRules.EffectsOf(spec.Actions) & ActionEffects.HandleTags) != 0;
        return new(named, device, conflicts ? spec.Actions : (spec.Actions ?? new EntryActions()) with { PushVlan = named.VlanId }, conflicts);
    }
}
