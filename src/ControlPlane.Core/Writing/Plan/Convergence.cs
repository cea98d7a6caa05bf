using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing.Plan;

/// <summary>
/// Decides what brings one resource in line with its desired state: from the desired state, the interfaces, and what the kernel has
/// now. It changes nothing. An element that is already right, and counted, gets no step: replacing an element opens a gap in which frames take the miss action.
/// </summary>
internal static partial class Convergence
{
    /// <summary>Places an entry.</summary>
    /// <param name="context">The state, the interfaces and the kernel.</param>
    /// <param name="devmap">The devmap.</param>
    /// <param name="before">The entry as it stands; null for a new one.</param>
    /// <param name="record">The desired state.</param>
    /// <param name="targetMayBeMissing">Whether a target that goes while the plan runs makes the entry pending; otherwise the plan fails.</param>
    /// <param name="evicts">Whether the entry that has the kernel key now is moved away first.</param>
    public static Placement.OfEntry Entry(
        PlanContext context, WorkingDevmap devmap, PlacedEntry? before, EntryRecord record, bool targetMayBeMissing = true, bool evicts = false)
    {
        var after = Placed(context, devmap, record, evicts) with { Since = before?.Since ?? default };
        return new Placement.OfEntry(devmap.Id, before, after == before ? before : after, StepsTo(context, devmap, before, after, targetMayBeMissing, evicts))
        {
            TargetMayBeMissing = targetMayBeMissing,
            Evicts = evicts,
        };
    }

    /// <summary>Returns an entry with the kernel key that it has now; without one if another entry has that.</summary>
    public static PlacedEntry Placed(PlanContext context, WorkingDevmap devmap, EntryRecord record, bool evicts = false)
    {
        var kernelKey = KernelKeyOf(context, record.Key);
        return kernelKey is { } taken && !evicts && devmap.Entries.Find(taken) is { } holder && holder.Record.Key != record.Key
            ? new PlacedEntry(record, null, KeyConflict(devmap, taken, holder))
            : new PlacedEntry(record, kernelKey, ResolvedTarget.Of(record.Spec, context.Interfaces) is { Conflicts: true } target ? TwoTags(target) : null);
    }

    /// <summary>Places an entry of a plan again: the interfaces have changed since the plan was made, while the store was written.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.InterfaceNotFound"/>: the target was removed, and must not be missing.</exception>
    public static Placement.OfEntry Renewed(PlanContext context, Placement.OfEntry placement)
    {
        if (placement.After is not { } after)
            return placement;
        var target = after.Record.Spec.Interface;
        if (!placement.TargetMayBeMissing && context.Interfaces.Find(target) is null)
            throw KernelErrors.NoInterface("interface", target, pendingPossible: true);
        // A key that has moved is for the link events: the plan may take only what its footprint names.
        return placement.Evicts || KernelKeyOf(context, after.Record.Key) != after.KernelKey
            ? placement
            : Entry(context, context.Devmap(placement.Devmap), placement.Before, after.Record, placement.TargetMayBeMissing);
    }

    /// <summary>Returns the kernel key of an entry now; null while the interface that is its key does not exist.</summary>
    public static uint? KernelKeyOf(PlanContext context, EntryKey key) =>
        key.InterfaceName is { } name ? context.Interfaces.Find(name)?.Ifindex : key.Number;

    /// <summary>Returns the element that an entry desires now; null while its target does not exist.</summary>
    public static KernelEntry? ElementOf(PlanContext context, EntryRecord record) =>
        ResolvedTarget.Of(record.Spec, context.Interfaces) is { Conflicts: false } target
            ? new KernelEntry(target.Device.Ifindex, context.State.ProgramId(record.Spec.EgressProgram))
            : null;

    /// <summary>Returns the actions that an entry desires now; null for none.</summary>
    public static EntryActions? ActionsOf(PlanContext context, EntryRecord record) =>
        record.Spec.Actions is null && context.Interfaces.Find(record.Spec.Interface) is not { VlanId: not null } ? null : ResolvedTarget.Of(record.Spec, context.Interfaces)?.Actions;

    /// <summary>Returns whether the kernel has an element as desired: with its actions, and counted.</summary>
    /// <param name="map">The devmap in the kernel.</param>
    /// <param name="key">The key of the element.</param>
    /// <param name="found">The element in the kernel; null if there is none.</param>
    /// <param name="desired">The desired element; null for none.</param>
    /// <param name="actions">The desired actions; null for none.</param>
    public static bool IsAsDesired(IDevmapReader map, uint key, KernelEntry? found, KernelEntry? desired, EntryActions? actions) =>
        found == desired && (found is null || (map.ReadActions(key) == actions && map.IsCounted(key)));

    /// <summary>Returns the step that gives the candidate of a devmap the element of an entry, or takes it away if there is no such entry or target.</summary>
    /// <param name="context">The state and the interfaces.</param>
    /// <param name="devmap">The devmap.</param>
    /// <param name="kernelKey">The key of the element.</param>
    /// <param name="entry">The entry of the candidate; null if there is none.</param>
    public static KernelStep InCandidate(PlanContext context, DevmapId devmap, uint kernelKey, PlacedEntry? entry)
    {
        var id = new ElementId(devmap, kernelKey);
        return entry is not null && Written(context, entry.Record) is { } element
            ? new KernelStep.SetElement(id, element, null, Replaces: false, TargetMayBeMissing: true) { InCandidate = true }
            : new KernelStep.DeleteElement(id, null) { InCandidate = true };
    }

    /// <summary>Deletes an entry.</summary>
    public static Placement.OfEntry Deletion(PlanContext context, WorkingDevmap devmap, PlacedEntry before) => new(
        devmap.Id, before, null, before.KernelKey is { } key ? [new KernelStep.DeleteElement(new ElementId(devmap.Id, key), Written(context, before.Record))] : []);

    /// <summary>Places an egress program.</summary>
    /// <param name="before">The program as it stands; null for a new one.</param>
    /// <param name="record">The desired state.</param>
    public static Placement.OfProgram Program(PlacedProgram? before, EgressProgramRecord record)
    {
        var config = record.Spec.Config;
        if (before is not null && before.Loaded.Config == config)
            return new Placement.OfProgram(record.Name, before, before with { Record = record }, []);
        return new Placement.OfProgram(
            record.Name,
            before,
            new PlacedProgram(record, new LoadedProgram(record.Name, config, 0), before?.Entries ?? 0),
            [new KernelStep.LoadProgram(record.Name, config, before?.Loaded.Config)]);
    }

    private static List<KernelStep> StepsTo(
        PlanContext context, WorkingDevmap devmap, PlacedEntry? before, PlacedEntry after, bool targetMayBeMissing, bool evicts)
    {
        var steps = new List<KernelStep>(1);
        if (before?.KernelKey is { } oldKey && oldKey != after.KernelKey)
            steps.Add(new KernelStep.DeleteElement(new ElementId(devmap.Id, oldKey), Written(context, before.Record)));
        if (after.KernelKey is not { } key)
            return steps;
        KernelEntry? found = !evicts && context.Kernel(devmap.Id).TryLookup(key, out var element) ? element : null;
        var (id, map) = (new ElementId(devmap.Id, key), context.Kernel(devmap.Id));
        var (desired, actions) = (ElementOf(context, after.Record), ActionsOf(context, after.Record));
        if (IsAsDesired(map, key, found, desired, actions))
            return steps;
        // Counting alone is no reason for a gap.
        if (found is not null && found == desired && map.ReadActions(key) == actions)
            return [.. steps, new KernelStep.CountElement(id)];
        var there = Found(context, devmap.Id, key, found);
        steps.Add(desired is null
            ? new KernelStep.DeleteElement(id, there)
            : new KernelStep.SetElement(id, Written(context, after.Record)!, there, found is not null, targetMayBeMissing));
        return steps;
    }

    private static Element? Written(PlanContext context, EntryRecord record) =>
        ResolvedTarget.Of(record.Spec, context.Interfaces) is { Conflicts: false } target
            ? new Element(target.Device.Name, target.Device.Ifindex, record.Spec.EgressProgram, target.Actions)
            : null;

    private static Element? Found(PlanContext context, DevmapId devmap, uint key, KernelEntry? found)
    {
        if (found is not { } element)
            return null;
        var program = context.State.ProgramName(element.EgressProgramId);
        // A program of somebody else has no name here, and an element is written with a name.
        return element.EgressProgramId != 0 && program is null
            ? null
            : new Element(context.Interfaces.Find(element.Ifindex)?.Name, element.Ifindex, program, context.Kernel(devmap).ReadActions(key));
    }

    private static PlacementFailure TwoTags(ResolvedTarget target) =>
        new("TwoTagActions", EntryErrors.TwoTagActions(target.Named.Name), CommonRemedies.OtherActionsForVlan());

    private static PlacementFailure KeyConflict(WorkingDevmap devmap, uint kernelKey, PlacedEntry holder) => new(
        "KeyConflict",
        $"The interface has the index {kernelKey}, which is the kernel key of the entry '{devmap.NameOf(holder.Record.Key)}'.",
        EntryErrors.DeleteOther(devmap.Definition.Name, devmap.KeyText(holder.Record.Key), holder.Record.Spec.Owner));
}
