using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Commands;

/// <summary>
/// Gives all entries that send to an interface, over all devmaps, one egress program or none. All of them change, in one snapshot, or
/// none does.
/// </summary>
internal sealed class SetEgressProgramCommand(string target, string? program, Precondition precondition) : WriterCommand<EgressProgramSwap>
{
    public override WritePlan Plan(PlanContext context)
    {
        List<EntryId> ids =
        [
            .. context.State.Targets.EntriesOf(target)
                .OrderBy(id => id.Devmap.Name, StringComparer.Ordinal).ThenBy(id => id.Key.InterfaceName, StringComparer.Ordinal).ThenBy(id => id.Key.Number),
        ];
        if (ids.Count == 0 && context.Interfaces.Find(target) is null)
            throw new ControlPlaneException(InterfaceErrors.NotFound(target));
        precondition.Require($"interfaces/{target}", RevisionOf(context));
        Judge(context, ids);
        var now = context.Now;
        var placements = new List<Placement>();
        foreach (var id in ids)
        {
            var devmap = context.Devmap(id.Devmap);
            if (devmap.Entries.Find(id.Key) is not { } before || before.Record.Spec.EgressProgram == program)
                continue;
            var spec = before.Record.Spec with { EgressProgram = program };
            placements.Add(Convergence.Entry(
                context, devmap, before, before.Record with { Spec = spec, Revision = context.NextRevision(), UpdateTime = now }));
        }

        return new WritePlan(FootprintOf(ids, placements), placements, context.PlannedRevision);
    }

    protected override EgressProgramSwap Answer(PlanContext context, Outcome outcome) =>
        new(target, program, outcome.Placements.Count, RevisionOf(context));

    private void Judge(PlanContext context, List<EntryId> ids)
    {
        var refusals = new Refusals();
        if (program is not null && !context.State.Programs.ContainsKey(program))
            refusals.Add(ProgramErrors.Missing(program));
        if (program is not null && ids.FirstOrDefault(id => context.Devmap(id.Devmap).Definition.Spec.ValueSize < 8) is { Devmap.Name: not null } id)
        {
            var narrow = context.Devmap(id.Devmap).Definition;
            refusals.Add(DevmapErrors.NoRoomForEgressProgram(narrow.Name, narrow.Spec.ValueSize, context.State.NameOf(id), target));
        }

        refusals.ThrowIfAny();
    }

    private Footprint FootprintOf(List<EntryId> ids, List<Placement> placements) => new()
    {
        Changes = [FootprintKey.Target(target), .. ids.Select(FootprintKey.Entry)],
        Uses = program is null ? [] : [new FootprintUse(FootprintKey.Program(program))],
        Elements =
        [
            .. placements.OfType<Placement.OfEntry>()
                .SelectMany(p => new[] { p.Before!.KernelKey, p.After!.KernelKey }.Distinct().OfType<uint>().Select(k => new ElementId(p.Devmap, k))),
        ],
    };

    private long RevisionOf(PlanContext context) => context.State.Targets.EntriesOf(target)
        .Select(id => context.State.Find(id.Devmap)?.Entries.Find(id.Key)?.Record.Revision ?? 0).DefaultIfEmpty().Max();
}
