using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;

namespace ControlPlane.Core.Watching;

/// <summary>Renders what one watcher is told: by the watcher, when it reads, so that the writer does none of it.</summary>
internal sealed class WatchViews(ControlPlaneState state, DevmapState devmap, IInterfaces interfaces, DropReader drops)
{
    private (InterfaceTable Interfaces, object Attachments, object Programs, object Conflicts, StatusEvaluator Evaluator)? _last;

    /// <summary>
    /// Everything as of a revision that the log's head had. The table is read while the writer works on: what has changed since is
    /// left out here, for the log has it from there on.
    /// </summary>
    public IEnumerable<WatchEvent> Snapshot(long revision)
    {
        foreach (var attachment in devmap.Attachments.Values)
        {
            if (attachment.Record.Revision <= revision)
                yield return new WatchEvent.AttachmentPut(null, AttachmentEvaluator.View(attachment));
        }

        foreach (var entry in devmap.Entries.All())
        {
            if (entry.Record.Revision <= revision)
                yield return new WatchEvent.EntryPut(null, View(entry));
        }
    }

    /// <summary>A change.</summary>
    public WatchEvent Render(Change change) => change switch
    {
        Change.EntryPut put => new WatchEvent.EntryPut(put.Revision, View(put.Entry)),
        Change.EntryDeleted deleted => new WatchEvent.EntryDeleted(deleted.Revision, KeyCodec.Format(devmap.Definition.Spec.KeySelector, deleted.Key)),
        Change.AttachmentPut put => new WatchEvent.AttachmentPut(put.Revision, View(put.Attachment)),
        Change.AttachmentDeleted deleted => new WatchEvent.AttachmentDeleted(deleted.Revision, deleted.Interface),
        Change.Status status => new WatchEvent.StatusChanged(status.Revision, status.Interface, status.Ifindex, status.Entries, status.Attachment),
        Change.DriftFound drift => new WatchEvent.DriftFound(drift.Revision, drift.Found, drift.Repaired),
        _ => throw new ArgumentOutOfRangeException(nameof(change), change, "not a change"),
    };

    // The record is that of the change; where it stands is asked of what has taken its place, if anything has.
    private Entry View(PlacedEntry entry)
    {
        var now = devmap.Entries.Find(entry.Record.Key) ?? entry;
        var record = entry.Record;
        return Evaluator().View(now) with
        {
            Revision = record.Revision,
            CreateTime = record.CreateTime,
            UpdateTime = record.UpdateTime,
            Spec = record.Spec,
        };
    }

    private Attachment View(PlacedAttachment attachment)
    {
        var now = devmap.Attachments.GetValueOrDefault(attachment.Record.Interface) ?? attachment;
        return AttachmentEvaluator.View(now with { Record = attachment.Record });
    }

    // It words each interface's facts once, so one serves for as long as the facts are the same.
    private StatusEvaluator Evaluator()
    {
        var (table, attachments, programs, conflicts) = (interfaces.Current, devmap.Attachments, state.Programs, state.Conflicts);
        if (_last is not { } last || last.Interfaces != table || last.Attachments != attachments || last.Programs != programs || last.Conflicts != conflicts)
            _last = last = (table, attachments, programs, conflicts, new StatusEvaluator(state, devmap, table, drops));
        return last.Evaluator;
    }
}
