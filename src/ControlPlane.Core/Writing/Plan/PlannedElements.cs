using ControlPlane.Core.Model;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing.Plan;

/// <summary>The elements of a table that is not written yet: those of entries whose interface does not exist are left out.</summary>
internal static class PlannedElements
{
    /// <summary>Returns the elements of the entries as a difference makes them.</summary>
    /// <param name="entries">The entries before.</param>
    /// <param name="difference">The difference.</param>
    /// <param name="interfaces">The interfaces.</param>
    public static IEnumerable<(uint Key, Element Value)> Of(EntryTable entries, TableDifference difference, InterfaceTable interfaces)
    {
        var written = difference.Writes.ToDictionary(w => w.Id.Key);
        return entries.All().Where(e => !written.ContainsKey(e.Record.Key)).Select(e => Of(e.KernelKey, e.Record.Spec, interfaces))
            .Concat(written.Values.Select(w => Of(w.KernelKey, w.Spec, interfaces))).OfType<(uint, Element)>();
    }

    /// <summary>Returns the element of an entry; null if it has none.</summary>
    public static (uint Key, Element Value)? Of(uint? key, EntrySpec? spec, InterfaceTable interfaces) =>
        key is { } kernelKey && spec is not null && ResolvedTarget.Of(spec, interfaces) is { Conflicts: false } target
            ? (kernelKey, new Element(target.Device.Name, target.Device.Ifindex, spec.EgressProgram, target.Actions))
            : null;
}
