using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Commands;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Apply;

/// <summary>Planned commands that are committed together because their footprints do not meet.</summary>
internal sealed class Batch
{
    private readonly HashSet<ElementId> _elements = [];
    private readonly HashSet<FootprintKey> _changes = [];
    private readonly Dictionary<FootprintKey, string?> _uses = [];
    private readonly Dictionary<DevmapId, int> _added = [];
    private readonly List<(WriterCommand Command, WritePlan Plan)> _planned = [];
    private bool _closed;

    /// <summary>The commands with their plans, in the order of revisions.</summary>
    public IReadOnlyList<(WriterCommand Command, WritePlan Plan)> Planned => _planned;

    /// <summary>The elements that the plans change.</summary>
    public IReadOnlySet<ElementId> Elements => _elements;

    /// <summary>The changes of the store.</summary>
    public List<StoreChange> Store { get; } = [];

    /// <summary>Whether there is no command.</summary>
    public bool IsEmpty => _planned.Count == 0;

    /// <summary>Whether a plan can be part of the batch although it does not know of the others.</summary>
    public bool Fits(PlanContext context, Footprint footprint)
    {
        if (IsEmpty)
            return true;
        if (_closed || footprint.IsAlone)
            return false;
        foreach (var element in footprint.Elements)
        {
            if (_elements.Contains(element))
                return false;
        }

        foreach (var change in footprint.Changes)
        {
            if (_changes.Contains(change) || _uses.ContainsKey(change))
                return false;
        }

        foreach (var use in footprint.Uses)
        {
            if (_changes.Contains(use.Key) || (_uses.TryGetValue(use.Key, out var value) && value != use.Value))
                return false;
        }

        foreach (var id in footprint.Adds)
        {
            // Each plan has been judged alone: all of its new entries have room if no other plan adds one.
            if (_added.GetValueOrDefault(id) is > 0 and var added && context.State.Find(id) is { } devmap
                && devmap.Entries.Count + added + footprint.Adds.Count > devmap.Definition.Spec.MaxEntries)
                return false;
        }

        return true;
    }

    /// <summary>Adds a planned command.</summary>
    public void Add(WriterCommand command, WritePlan plan)
    {
        _planned.Add((command, plan));
        if (plan.Placements.Count > 0)
            Store.AddRange(plan.StoreChanges(ChangeOrigin.Of(command.Request) with { TakesBack = command.TakesBack }));
        var footprint = plan.Footprint;
        _closed = footprint.IsAlone;
        _elements.UnionWith(footprint.Elements);
        _changes.UnionWith(footprint.Changes);
        foreach (var use in footprint.Uses)
            _uses[use.Key] = use.Value;
        foreach (var id in footprint.Adds)
            _added[id] = _added.GetValueOrDefault(id) + 1;
    }
}
