using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing;

/// <summary>Removes an entry. Answers with the revision at which it went.</summary>
internal sealed class DeleteEntryCommand(DevmapState devmap, EntryKey askedKey, Precondition precondition) : WriterCommand<long>
{
    protected override Plan<long> Plan(WriterContext context)
    {
        var before = EntryLookup.Find(devmap, askedKey)
            ?? throw new ControlPlaneException(EntryErrors.NotFound(devmap.Definition.Name, KeyCodec.Format(devmap.Definition.Spec.KeySelector, askedKey)));
        var key = before.Record.Key;
        precondition.Require(new EntryId(devmap, key).ToString(), before.Record.Revision);
        var revision = context.NextRevision();
        return new(
            new Footprint(devmap, key, before.KernelKey),
            [new StoreChange.DeleteEntry(devmap.Definition.Name, key)],
            [new StoreChange.PutEntry(before.Record)],
            (scope, _) => Apply(scope, context, before, revision));
    }

    private long Apply(WriterScope scope, WriterContext context, PlacedEntry before, long revision)
    {
        if (before.KernelKey is { } kernelKey)
            devmap.Kernel.Delete(scope, kernelKey);
        EntryChanges.Publish(context, devmap, before, null);
        devmap.Revision = revision;
        context.Changes.Add(new Change.EntryDeleted(devmap, revision, before.Record.Key));
        if (before.KernelKey is { } freed)
            LinkReconciliation.RetryKey(scope, context, devmap, freed);
        return revision;
    }
}
