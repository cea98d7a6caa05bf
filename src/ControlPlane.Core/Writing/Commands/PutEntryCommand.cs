using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Commands;

/// <summary>Creates or changes an entry. Answers with the entry and whether it is new.</summary>
internal sealed class PutEntryCommand(DevmapId id, EntryKey askedKey, EntrySpec askedSpec, bool allowPending, Precondition precondition)
    : WriterCommand<(bool Created, PlacedEntry Entry)>
{
    // With the interface's own name, whichever of its names was given.
    private EntrySpec _spec = null!; // Plan sets it
    private string _name = "";

    public override string Change => $"put {_name}";

    public override WritePlan Plan(PlanContext context)
    {
        var devmap = context.Devmap(id);
        var before = context.Find(devmap, askedKey);
        var target = context.Canonical(askedSpec.Interface);
        _spec = context.State.Targets.Shared(target == askedSpec.Interface ? askedSpec : askedSpec with { Interface = target });
        var key = before?.Record.Key ?? Identify(context, devmap);
        _name = devmap.NameOf(key);
        EntryAccess.RequireKey(Request.Caller, devmap.Definition, key, _name);
        EntryAccess.Require(Request.Caller, id.Name, _name, before is null ? _spec.Owner : before.Record.Spec.Owner, _spec.Owner);
        precondition.Require(_name, before?.Record.Revision);
        var evicted = Evicted(context, devmap, key);
        // A write of what is stored succeeds in any state of the interfaces.
        var repeats = before?.Record.Spec == _spec;
        if (!repeats)
            Judge(context, devmap, key, before is null, evicted);

        var record = repeats ? before!.Record : NextRecord(context, key, before?.Record);
        var placement = Convergence.Entry(context, devmap, before, record, allowPending || repeats, evicted is not null);
        Placement.OfEntry[] placements = evicted is null ? [placement] : [Convergence.Entry(context, devmap, evicted, evicted.Record), placement];
        return new WritePlan(FootprintOf(placements, before is null), placements, record.Revision);
    }

    protected override (bool Created, PlacedEntry Entry) Answer(PlanContext context, Outcome outcome)
    {
        var placement = (Placement.OfEntry)outcome.Placements[^1];
        return (placement.Before is null, placement.After!);
    }

    // A number that is the ifindex of an interface means that interface, and follows it from now on.
    private EntryKey Identify(PlanContext context, WorkingDevmap devmap) =>
        askedKey.InterfaceName is null
            ? devmap.Definition.Spec.KeySelector.Identify(askedKey.Number, context.Interfaces)
            : EntryKey.OfInterface(context.Canonical(askedKey.InterfaceName));

    // The entry that has our kernel key although its interface was removed or has another index: the news of that is still on its way.
    private static PlacedEntry? Evicted(PlanContext context, WorkingDevmap devmap, EntryKey key) =>
        Convergence.KernelKeyOf(context, key) is { } taken
        && devmap.Entries.Find(taken) is { Record.Key.InterfaceName: { } name } holder
        && holder.Record.Key != key
        && context.Interfaces.Find(name)?.Ifindex != taken
            ? holder
            : null;

    private void Judge(PlanContext context, WorkingDevmap devmap, EntryKey key, bool creates, PlacedEntry? evicted)
    {
        var refusals = new Refusals();
        var kernelKey = Convergence.KernelKeyOf(context, key);
        if (!allowPending && kernelKey is null)
            refusals.Add(InterfaceErrors.Missing("key", key.InterfaceName!, pendingPossible: true));
        if (!allowPending && context.Interfaces.Find(_spec.Interface) is null)
            refusals.Add(InterfaceErrors.Missing("interface", _spec.Interface, pendingPossible: true));
        if (context.Interfaces.Find(_spec.Interface) is { CarriesEthernet: false } bare)
            refusals.Add(InterfaceErrors.NoEthernet("interface", bare.Name, bare.Kind));
        if (_spec.EgressProgram is { } program && !context.State.Programs.ContainsKey(program))
            refusals.Add(ProgramErrors.Missing(program));
        if (kernelKey is { } taken && evicted is null && devmap.Entries.Find(taken) is { } holder && holder.Record.Key != key)
            refusals.Add(EntryErrors.KeyConflict(devmap.KeyText(key), taken, id.Name, devmap.KeyText(holder.Record.Key)));
        foreach (var name in context.Interfaces.NamesOf(_spec.Interface))
        {
            if (context.State.Targets.FindConflict(name, _spec.EgressProgram, new EntryId(id, key)) is var (other, otherProgram))
                refusals.Add(EntryErrors.EgressProgramConflict(devmap.NameOf(key), _spec.EgressProgram, _spec.Interface, context.State.NameOf(other), otherProgram));
        }

        if (creates && devmap.Entries.Count >= devmap.Definition.Spec.MaxEntries)
            refusals.Add(DevmapErrors.Full(id.Name, devmap.Definition.Spec.MaxEntries));
        refusals.ThrowIfAny();
    }

    private EntryRecord NextRecord(PlanContext context, EntryKey key, EntryRecord? old)
    {
        var now = context.TimeAfter(old?.UpdateTime);
        return new EntryRecord(id.Name, key, _spec, context.NextRevision(), old?.CreateTime ?? now, now);
    }

    private Footprint FootprintOf(Placement.OfEntry[] placements, bool adds)
    {
        var (changes, elements) = (new FootprintKey[placements.Length], new List<ElementId>(2));
        for (var i = 0; i < placements.Length; i++)
        {
            var (before, after) = (placements[i].Before, placements[i].After!);
            changes[i] = FootprintKey.Entry(new EntryId(id, after.Record.Key));
            if (after.KernelKey is { } key)
                elements.Add(new ElementId(id, key));
            if (before?.KernelKey is { } old && old != after.KernelKey)
                elements.Add(new ElementId(id, old));
        }

        var target = new FootprintUse(FootprintKey.Target(_spec.Interface), _spec.EgressProgram);
        return new Footprint
        {
            Changes = changes,
            Uses = _spec.EgressProgram is null ? [target] : [target, new FootprintUse(FootprintKey.Program(_spec.EgressProgram))],
            Elements = elements,
            Adds = adds ? id : null,
        };
    }
}
