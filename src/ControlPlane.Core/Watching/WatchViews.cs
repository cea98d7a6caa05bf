using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;

namespace ControlPlane.Core.Watching;

/// <summary>Renders the events of a devmap on the threads of its watchers, so that the writer does none of it.</summary>
internal sealed class WatchViews(ControlPlaneState state, DevmapId id, IInterfaces interfaces, StatusEvaluators evaluators, DevmapViews devmaps)
{
    private readonly KeySelector _selector = id.Selector;

    /// <summary>Returns the attachments of a snapshot.</summary>
    public IReadOnlyList<WatchEvent> Of(IEnumerable<PlacedAttachment> attachments) => [.. attachments.Select(a => new WatchEvent.AttachmentPut(null, View(a)))];

    /// <summary>Returns entries of a snapshot.</summary>
    public IReadOnlyList<WatchEvent> Of(IEnumerable<PlacedEntry> entries)
    {
        var snapshot = state.Current;
        var evaluator = evaluators.For(snapshot, DevmapIn(snapshot), interfaces.Current);
        return [.. entries.Select(e => new WatchEvent.EntryPut(null, View(snapshot, evaluator, e)))];
    }

    /// <summary>Returns the entries that pass a filter, each with its key in text and its state now.</summary>
    /// <param name="filter">The filter. Its state is not asked for.</param>
    /// <param name="touched">Only entries that send to one of these interfaces or have it as their key; null for all.</param>
    public IEnumerable<(PlacedEntry Entry, string Key, EntryState State)> Look(WatchFilter filter, IReadOnlySet<string>? touched)
    {
        var (snapshot, table) = (state.Current, interfaces.Current);
        if (snapshot.Find(id) is not { } devmap)
            yield break;
        var names = touched?.SelectMany(table.NamesOf).Concat(touched).ToHashSet(StringComparer.Ordinal);
        var evaluator = evaluators.For(snapshot, devmap, table);
        foreach (var entry in devmap.Entries.All())
        {
            var record = entry.Record;
            if (names?.Contains(record.Spec.Interface) == false && (record.Key.InterfaceName is not { } key || !names.Contains(key)))
                continue;
            if (filter.Accepts(record))
                yield return (entry, evaluator.KeyText(record.Key), evaluator.Judge(entry).State);
        }
    }

    /// <summary>Returns the devmap of a snapshot.</summary>
    public WatchEvent Of(DevmapState devmap) => new WatchEvent.DevmapPut(null, devmaps.View(devmap));

    /// <summary>Returns the event for a change; null if the devmap has been removed since, which another event says.</summary>
    public WatchEvent? Render(Change change)
    {
        if (change is Change.DevmapDeleted deleted)
            return new WatchEvent.DevmapDeleted(Resumable(deleted), id.Name);
        try
        {
            return state.Current.Find(id) is null ? null : RenderLiving(change);
        }
        catch (ControlPlaneException e) when (e.Error.Code == ErrorCode.DevmapNotFound)
        {
            return null;
        }
    }

    private WatchEvent RenderLiving(Change change) => change switch
    {
        // The record is that of the change, the status that of now.
        Change.DevmapPut put => new WatchEvent.DevmapPut(Resumable(put), devmaps.View(DevmapIn(state.Current) with { Definition = put.Record })),
        Change.EntryPut put => new WatchEvent.EntryPut(Resumable(put), View(put.Entry)),
        Change.EntryDeleted deleted => new WatchEvent.EntryDeleted(Resumable(deleted), _selector.Format(deleted.Key)),
        Change.EgressProgramSet(_, var swap, var entries) => new WatchEvent.EgressProgramSet(
            swap.Revision, interfaces.Current.Canonical(swap.Interface), swap.EgressProgram, entries, swap.UpdateTime),
        Change.AttachmentPut put => new WatchEvent.AttachmentPut(Resumable(put), View(put.Attachment)),
        Change.AttachmentDeleted deleted => new WatchEvent.AttachmentDeleted(Resumable(deleted), deleted.Interface),
        { Devmap: var devmap } when devmap == Change.OfHost => throw new ArgumentException("it is of no devmap", nameof(change)),
        Change.Status status => new WatchEvent.StatusChanged(Resumable(status), status.Interface, status.Ifindex, status.Entries, status.Attachment),
        Change.DriftFound drift => new WatchEvent.DriftFound(drift.Revision, drift.Found, drift.Repaired),
        _ => throw new ArgumentOutOfRangeException(nameof(change), change, "not a change"),
    };

    private DevmapState DevmapIn(Snapshot snapshot) => snapshot.Find(id) ?? throw new ControlPlaneException(DevmapErrors.NotFound(id.Name));

    private static long? Resumable(Change change) => change.IsPart ? null : change.Revision;

    // The record is that of the change. The status is that of the entry that stands in its place now, if there is one.
    private Entry View(PlacedEntry entry)
    {
        var snapshot = state.Current;
        return View(snapshot, evaluators.For(snapshot, DevmapIn(snapshot), interfaces.Current), entry);
    }

    private Entry View(Snapshot snapshot, StatusEvaluator evaluator, PlacedEntry entry)
    {
        var (now, record) = (snapshot.Find(id)?.Entries.Find(entry.Record.Key) ?? entry, entry.Record);
        return evaluator.View(now) with
        {
            Revision = record.Revision,
            CreateTime = record.CreateTime,
            UpdateTime = record.UpdateTime,
            Spec = evaluator.Named(record.Spec),
        };
    }

    private Attachment View(PlacedAttachment attachment)
    {
        var now = state.Current.Find(id)?.Attachments.GetValueOrDefault(attachment.Record.Interface) ?? attachment;
        return Attachments().View(now with { Record = attachment.Record });
    }

    private AttachmentEvaluator Attachments() => new(state.Current, state.Handles[id], interfaces.Current, state.Facts);
}
