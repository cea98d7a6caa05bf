using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Commands;

/// <summary>Creates a devmap, or changes its settings while frames flow. Answers with the devmap, unless others have deleted it meanwhile, and whether it is new.</summary>
internal sealed class PutDevmapCommand(string name, DevmapSpec spec, Precondition precondition, bool force) : WriterCommand<(bool Created, DevmapId? Devmap)>
{
    public override string Change => $"put devmaps/{name}";

    // Changes of many entries have the settings that they began with.
    public override bool MustWait(PlanContext context) => context.State.Find(name) is { Open: not null } or { Building: not null };

    public override WritePlan Plan(PlanContext context)
    {
        var devmap = context.State.Find(name);
        precondition.Require($"devmaps/{name}", devmap?.Definition.Revision);
        if (devmap is null)
            return Create(context);
        return devmap.Definition.Spec == spec ? Keep(devmap) : Alter(context, devmap);
    }

    protected override (bool Created, DevmapId? Devmap) Answer(PlanContext context, Outcome outcome) =>
        (((Placement.OfDevmap)outcome.Placements[^1]).Before is null, context.State.Find(name)?.Id);

    private WritePlan Create(PlanContext context)
    {
        if (context.State.Devmaps.Count >= DevmapLimits.MaxDevmaps)
            throw new ControlPlaneException(DevmapErrors.TooMany(DevmapLimits.MaxDevmaps));
        var (revision, now) = (context.NextRevision(), context.Now);
        var record = new DevmapRecord(name, spec) { DeclaredIn = DeclaredIn.Api, Revision = revision, CreateRevision = revision, CreateTime = now, UpdateTime = now };
        return new WritePlan(Footprint.Alone, [new Placement.OfDevmap(name, null, null, record, [new KernelStep.CreateDevmap(record)])], revision);
    }

    private WritePlan Keep(WorkingDevmap devmap) => new(
        Footprint.Alone, [new Placement.OfDevmap(name, devmap.Id, devmap.Definition, devmap.Definition, [])], devmap.Definition.Revision);

    private WritePlan Alter(PlanContext context, WorkingDevmap devmap)
    {
        var before = devmap.Definition;
        Judge(devmap);
        var revision = context.NextRevision();
        var record = before with { Spec = spec, Revision = revision, UpdateTime = context.TimeAfter(before.UpdateTime) };
        if (spec.MaxEntries != before.Spec.MaxEntries)
            return Resize(devmap, record);
        IReadOnlyList<KernelStep> steps = spec.HasSameObjects(before.Spec) ? [] : [new KernelStep.ChangeDevmap(devmap.Id, record, before)];
        return new WritePlan(Footprint.Alone, [new Placement.OfDevmap(name, devmap.Id, before, record, steps)], revision)
        {
            Converge = spec.EnsureTargets == before.Spec.EnsureTargets ? [] : [.. DevmapTargets.Of(devmap).Select(t => new ResourceKey.Target(t))],
            // The elements get what they are counted under, and stay.
            Rest = spec.Counters && !before.Spec.Counters ? [.. ResourceKey.StepsFor(devmap.Entries.Freeze().All().Select(e => new EntryId(devmap.Id, e.Record.Key)))] : [],
        };
    }

    // A map with another capacity is built beside the active one, and the kernel goes over to it. Frames flow meanwhile, and entries can be written.
    private WritePlan Resize(WorkingDevmap devmap, DevmapRecord record)
    {
        var (before, entries) = (devmap.Definition, devmap.Entries.Freeze());
        if (entries.Count > spec.MaxEntries)
            throw new ControlPlaneException(DevmapErrors.TooSmall(name, spec.MaxEntries, entries.Count));
        return new WritePlan(Footprint.Alone, [new Placement.OfDevmap(name, devmap.Id, before, record, [new KernelStep.SwitchTable(devmap.Id)])], record.Revision)
        {
            Candidate = new CandidateTable(devmap.Id, record, entries),
        };
    }

    private void Judge(WorkingDevmap devmap)
    {
        var refusals = new Refusals();
        if (devmap.Definition.DeclaredIn == DeclaredIn.Configuration)
            throw new ControlPlaneException(DevmapErrors.ReadOnly(name));
        if (OwnerRule.Find($"devmaps/{name}", devmap.Definition.Spec.Owner, new(spec.Owner, force)) is { } foreign)
            refusals.Add(foreign);
        if (devmap.Definition.Spec.FixedMembersThatDiffer(spec) is { Count: > 0 } members)
            refusals.Add(DevmapErrors.Fixed(name, members));
        refusals.ThrowIfAny();
    }
}

/// <summary>Deletes a devmap with all that is in it, under one revision. Answers with the revision, and why the kernel keeps it for now; null if it does not.</summary>
internal sealed class DeleteDevmapCommand(string name, Precondition precondition, OwnerClaim claim) : WriterCommand<(long Revision, string? Refusal)>
{
    public override string Change => $"delete devmaps/{name}";

    // Work on its entries that goes on in slices ends first.
    public override bool MustWait(PlanContext context) => context.State.Find(name) is { } devmap && (devmap is { Open: not null } or { Building: not null } || context.State.Targets.HasSwaps);

    public override WritePlan Plan(PlanContext context)
    {
        var devmap = context.State.Find(name) ?? throw new ControlPlaneException(DevmapErrors.NotFound(name));
        precondition.Require($"devmaps/{name}", devmap.Definition.Revision);
        if (devmap.Definition.DeclaredIn == DeclaredIn.Configuration)
            throw new ControlPlaneException(DevmapErrors.ReadOnly(name));
        OwnerRule.Require($"devmaps/{name}", devmap.Definition.Spec.Owner, claim, deletes: true);
        if (!devmap.Attachments.IsEmpty && !claim.Force)
            throw new ControlPlaneException(DevmapErrors.InUse(name, [.. devmap.Attachments.Keys]));
        return new WritePlan(Footprint.Alone, [new Placement.OfDevmap(name, devmap.Id, devmap.Definition, null, [])], context.NextRevision())
        {
            Converge =
            [
                new ResourceKey.RemovedDevmap(name),
                .. DevmapTargets.Of(devmap).Union(devmap.Attachments.Keys).Select(t => new ResourceKey.Target(t)),
                new ResourceKey.Promiscuity(),
            ],
        };
    }

    protected override (long Revision, string? Refusal) Answer(PlanContext context, Outcome outcome) =>
        (outcome.Revision, outcome.Refused.GetValueOrDefault(new ResourceKey.RemovedDevmap(name)));
}

/// <summary>The interfaces that the entries of a devmap send to.</summary>
internal static class DevmapTargets
{
    /// <summary>Returns their names, each once.</summary>
    public static IEnumerable<string> Of(WorkingDevmap devmap) => devmap.Entries.Freeze().All().Select(e => e.Record.Spec.Interface).Distinct(StringComparer.Ordinal);
}
