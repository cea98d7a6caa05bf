using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Commands;

/// <summary>
/// Gives all entries that send to an interface, over all devmaps, one egress program or none. The desired state of all of them changes at once,
/// under one revision. The kernel follows at once if they are few, else in slices.
/// </summary>
internal sealed class SetEgressProgramCommand(string askedTarget, string? program, Precondition precondition) : WriterCommand<EgressProgramSwap>
{
    /// <summary>Most entries that the kernel changes with the plan itself: all of them, or none.</summary>
    public const int MostAtOnce = 256;

    // The interface's own name, whichever of its names was given.
    private string _target = "";
    private int _changed;

    public override string Change => $"set the egress program of interfaces/{_target} to {program ?? "none"}";

    // Two swaps of one interface are made one after the other, each as a whole.
    public override bool MustWait(PlanContext context) =>
        context.Interfaces.NamesOfDevice(context.Canonical(askedTarget)).Any(context.State.Targets.IsSwapping);

    public override WritePlan Plan(PlanContext context)
    {
        _target = context.Canonical(askedTarget);
        var parts = PartsOf(context);
        var exists = parts.Count > 0 || context.Interfaces.Find(_target) is not null;
        if (exists)
            precondition.Require($"interfaces/{_target}", RevisionOf(context));
        Judge(context, parts, exists);
        var footprint = parts.Sum(p => p.Entries.Count) > MostAtOnce ? Footprint.Alone : FootprintOf(context, parts);
        _changed = parts.Sum(p => p.Changed);
        parts.RemoveAll(p => p.Changed == 0);
        var swaps = SwapsOf(context, parts);
        var isSliced = parts.Sum(p => p.Entries.Count) > MostAtOnce;
        return new WritePlan(footprint, isSliced ? swaps : PlacementsOf(context, parts, swaps), context.PlannedRevision)
        {
            Reports = swaps.Count == 0 ? null : ReportsOf(swaps),
            Rest = isSliced ? [.. ResourceKey.StepsFor(parts.SelectMany(p => p.Entries))] : [],
        };
    }

    /// <summary>Returns the changes for watchers: one for each devmap, whichever of the interface's names the entries have.</summary>
    public static IReadOnlyList<Change> ReportsOf(IEnumerable<Placement.OfSwap> swaps) =>
        [.. swaps.GroupBy(s => s.Devmap).Select(s => new Change.EgressProgramSet(s.Key, s.First().Swap, s.Sum(p => p.Entries)))];

    // Entries may have been written since; the caller does not know of that.
    protected override EgressProgramSwap Answer(PlanContext context, Outcome outcome) =>
        new(_target, program, _changed, _changed > 0 ? outcome.Revision : RevisionOf(context));

    private void Judge(PlanContext context, List<Part> parts, bool exists)
    {
        var refusals = new Refusals();
        if (!exists)
            refusals.Add(InterfaceErrors.NotFound(_target));
        if (program is not null && !context.State.Programs.ContainsKey(program))
            refusals.Add(ProgramErrors.Missing(program));
        foreach (var part in program is null ? [] : parts)
        {
            var devmap = part.Devmap.Definition;
            if (devmap.Spec.ValueSize < 8)
                refusals.Add(DevmapErrors.NoRoomForEgressProgram(devmap.Name, devmap.Spec.ValueSize, context.State.NameOf(part.Entries[0]), _target));
        }

        refusals.ThrowIfAny();
    }

    // In one pass: there can be a million entries.
    private List<Part> PartsOf(PlanContext context)
    {
        var parts = new Dictionary<DevmapId, Part>();
        Part? part = null;
        foreach (var name in context.Interfaces.NamesOfDevice(_target))
        {
            foreach (var (before, ids) in context.State.Targets.GroupsOf(name))
            {
                foreach (var id in ids)
                {
                    if (part?.Devmap.Id != id.Devmap && !parts.TryGetValue(id.Devmap, out part))
                        parts[id.Devmap] = part = new Part(context.Devmap(id.Devmap));
                    part!.Add(id, before, before != program);
                }
            }

            foreach (var each in parts.Values)
                each.EndOf(name);
        }

        return [.. parts.Values.OrderBy(p => p.Devmap.Id.Name, StringComparer.Ordinal)];
    }

    private List<Placement.OfSwap> SwapsOf(PlanContext context, List<Part> parts)
    {
        var swaps = new List<Placement.OfSwap>();
        var revision = parts.Count == 0 ? context.PlannedRevision : context.NextRevision();
        foreach (var part in parts)
        {
            var id = part.Devmap.Id;
            swaps.AddRange(part.Names.Select(n => new Placement.OfSwap(
                id, new SwapRecord(id.Name, n.Key, program, revision, context.Now), n.Value, part.Before)));
        }

        return swaps;
    }

    private static List<Placement> PlacementsOf(PlanContext context, List<Part> parts, List<Placement.OfSwap> swaps)
    {
        var placements = new List<Placement>();
        foreach (var (devmap, id) in parts.SelectMany(p => p.Entries.Select(id => (p.Devmap, id))))
        {
            if (devmap.Entries.Find(id.Key) is { } before && swaps.FirstOrDefault(s => s.Swap.Covers(before.Record)) is { Swap: var swap })
                placements.Add(Convergence.Entry(context, devmap, before, swap.Apply(before.Record)));
        }

        return placements;
    }

    private Footprint FootprintOf(PlanContext context, List<Part> parts) => new()
    {
        Changes =
        [
            .. context.Interfaces.NamesOfDevice(_target).Select(FootprintKey.Target),
            .. parts.SelectMany(p => p.Entries).Select(FootprintKey.Entry),
        ],
        Uses = program is null ? [] : [new FootprintUse(FootprintKey.Program(program))],
        Elements =
        [
            .. parts.SelectMany(p => p.Entries.SelectMany(
                id => new[] { p.Devmap.Entries.Find(id.Key)?.KernelKey, Convergence.KernelKeyOf(context, id.Key) }
                    .Distinct().OfType<uint>().Select(k => new ElementId(id.Devmap, k)))),
        ],
    };

    private long RevisionOf(PlanContext context) => context.Interfaces.NamesOfDevice(_target).Max(context.State.Targets.RevisionOf);

    /// <summary>The entries of one devmap.</summary>
    private sealed class Part(WorkingDevmap devmap)
    {
        public WorkingDevmap Devmap => devmap;

        public List<EntryId> Entries { get; } = [];

        /// <summary>How many entries have which name of the interface.</summary>
        public SortedDictionary<string, int> Names { get; } = new(StringComparer.Ordinal);

        /// <summary>How many entries carry another program.</summary>
        public int Changed { get; private set; }

        /// <summary>The program that they carry; of different ones, one of them.</summary>
        public string? Before { get; private set; }

        /// <summary>The entries that were added since the last call have this name of the interface.</summary>
        public void EndOf(string name)
        {
            if (Entries.Count - Names.Values.Sum() is > 0 and var added)
                Names[name] = added;
        }

        public void Add(EntryId id, string? before, bool changes)
        {
            Entries.Add(id);
            if (!changes)
                return;
            Changed++;
            Before = before;
        }
    }
}
