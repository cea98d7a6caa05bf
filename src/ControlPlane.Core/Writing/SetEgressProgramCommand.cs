using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing;

/// <summary>Has all entries that send to an interface, over all devmaps, carry one egress program, or none. All of them, or none is changed.</summary>
internal sealed class SetEgressProgramCommand(string target, string? program, Precondition precondition) : WriterCommand<EgressProgramSwap>
{
    protected override Plan<EgressProgramSwap> Plan(WriterContext context)
    {
        EgressPrograms.RequireExists(context.State, program);
        var ids = context.State.Targets.EntriesOf(target);
        if (ids.Count == 0 && context.Interface(target) is null)
            throw new ControlPlaneException(InterfaceErrors.NotFound(target));
        precondition.Require($"interfaces/{target}", RevisionOf(context));
        RequireRoom(ids);
        var now = context.Now;
        List<(DevmapState Devmap, PlacedEntry Before, PlacedEntry After)> changes = [];
        foreach (var id in ids)
        {
            if (id.Devmap.Entries.Find(id.Key) is { } before && before.Record.Spec.EgressProgram != program)
                changes.Add((id.Devmap, before, before with { Record = before.Record with { Spec = before.Record.Spec with { EgressProgram = program }, Revision = context.NextRevision(), UpdateTime = now } }));
        }

        return new(
            Footprint.Exclusive,
            [.. changes.Select(c => new StoreChange.PutEntry(c.After.Record))],
            [.. changes.Select(c => new StoreChange.PutEntry(c.Before.Record))],
            (scope, _) => Apply(scope, context, changes));
    }

    private EgressProgramSwap Apply(WriterScope scope, WriterContext context, List<(DevmapState Devmap, PlacedEntry Before, PlacedEntry After)> changes)
    {
        var device = context.Interface(target);
        var written = 0;
        try
        {
            for (; written < changes.Count; written++)
                Write(scope, context, device, changes[written].Devmap, changes[written].After);
        }
        catch
        {
            for (var i = 0; i < written; i++)
                SetBack(scope, context, device, changes[i].Devmap, changes[i].Before);
            throw;
        }

        foreach (var (devmap, before, after) in changes)
        {
            EntryChanges.Publish(context, devmap, before, after);
            context.Changes.Add(new Change.EntryPut(devmap, after));
        }

        return new EgressProgramSwap(target, program, changes.Count, RevisionOf(context));
    }

    private long RevisionOf(WriterContext context) => ControlPlaneState.RevisionOf(context.State.Targets.EntriesOf(target));

    private static void Write(WriterScope scope, WriterContext context, InterfaceInfo? device, DevmapState devmap, PlacedEntry entry)
    {
        if (entry.KernelKey is { } key && device is not null)
            EntryChanges.Write(scope, context, devmap, key, device, entry.Record.Spec.EgressProgram);
    }

    // Should the kernel refuse this too, the entry is Undeliverable until an audit has put it right.
    private static void SetBack(WriterScope scope, WriterContext context, InterfaceInfo? device, DevmapState devmap, PlacedEntry entry)
    {
        try
        {
            Write(scope, context, device, devmap, entry);
        }
        catch (Exception e) when (e is KernelException or ControlPlaneException)
        {
            WriterLog.EntryNotSetBack(context.Logger, new EntryId(devmap, entry.Record.Key).ToString(), e);
        }
    }

    private void RequireRoom(IReadOnlyList<EntryId> ids)
    {
        if (program is null || ids.FirstOrDefault(id => id.Devmap.Definition.Spec.ValueSize < 8) is not { Devmap: { } narrow } id)
            return;
        throw new ControlPlaneException(
            DevmapErrors.NoRoomForEgressProgram(narrow.Definition.Name, narrow.Definition.Spec.ValueSize, id.ToString(), target));
    }
}
