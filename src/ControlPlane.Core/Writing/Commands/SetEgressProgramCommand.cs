using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Commands;

/// <summary>
/// Gives all entries that send to an interface, over all devmaps, one egress program or none. All of them change, in one snapshot, or
/// none does.
/// </summary>
internal sealed class SetEgressProgramCommand(string askedTarget, string? program, Precondition precondition) : WriterCommand<EgressProgramSwap>
{
    // The interface's own name, whichever of its names was given.
    private string _target = "";

    public override string Change => $"set the egress program of interfaces/{_target} to {program ?? "none"}";

    public override WritePlan Plan(PlanContext context)
    {
        _target = context.Canonical(askedTarget);
        List<EntryId> ids =
        [
            .. EntriesOfTarget(context)
                .OrderBy(id => id.Devmap.Name, StringComparer.Ordinal).ThenBy(id => id.Key.InterfaceName, StringComparer.Ordinal).ThenBy(id => id.Key.Number),
        ];
        var exists = ids.Count > 0 || context.Interfaces.Find(_target) is not null;
        if (exists)
            precondition.Require($"interfaces/{_target}", RevisionOf(context));
        Judge(context, ids, exists);
        var placements = new List<Placement>();
        foreach (var id in ids)
        {
            var devmap = context.Devmap(id.Devmap);
            if (devmap.Entries.Find(id.Key) is not { } before || before.Record.Spec.EgressProgram == program)
                continue;
            var spec = before.Record.Spec with { EgressProgram = program };
            placements.Add(Convergence.Entry(
                context, devmap, before, before.Record with { Spec = spec, Revision = context.NextRevision(), UpdateTime = context.TimeAfter(before.Record.UpdateTime) }));
        }

        return new WritePlan(FootprintOf(ids, placements), placements, context.PlannedRevision);
    }

    protected override EgressProgramSwap Answer(PlanContext context, Outcome outcome) =>
        new(_target, program, outcome.Placements.Count, RevisionOf(context));

    private void Judge(PlanContext context, List<EntryId> ids, bool exists)
    {
        var refusals = new Refusals();
        if (!exists)
            refusals.Add(InterfaceErrors.NotFound(_target));
        if (program is not null && !context.State.Programs.ContainsKey(program))
            refusals.Add(ProgramErrors.Missing(program));
        foreach (var id in program is null ? [] : ids.DistinctBy(id => id.Devmap))
        {
            var devmap = context.Devmap(id.Devmap).Definition;
            if (devmap.Spec.ValueSize < 8)
                refusals.Add(DevmapErrors.NoRoomForEgressProgram(devmap.Name, devmap.Spec.ValueSize, context.State.NameOf(id), _target));
        }

        refusals.ThrowIfAny();
    }

    private Footprint FootprintOf(List<EntryId> ids, List<Placement> placements) => new()
    {
        Changes = [FootprintKey.Target(_target), .. ids.Select(FootprintKey.Entry)],
        Uses = program is null ? [] : [new FootprintUse(FootprintKey.Program(program))],
        Elements =
        [
            .. placements.OfType<Placement.OfEntry>()
                .SelectMany(p => new[] { p.Before!.KernelKey, p.After!.KernelKey }.Distinct().OfType<uint>().Select(k => new ElementId(p.Devmap, k))),
        ],
    };

    private IEnumerable<EntryId> EntriesOfTarget(PlanContext context) =>
        context.Interfaces.NamesOf(_target).SelectMany(context.State.Targets.EntriesOf);

    private long RevisionOf(PlanContext context) => context.Interfaces.NamesOf(_target).Max(context.State.Targets.RevisionOf);
}
