using ControlPlane.Core.Keys;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing;

/// <summary>Removes an entry.</summary>
internal sealed class DeleteEntryCommand(DevmapState devmap, EntryKey askedKey) : WriterCommand<bool>
{
    protected override bool Run(WriterScope scope, WriterContext context)
    {
        var before = EntryLookup.Find(devmap, askedKey)
            ?? throw EntryLookup.NotFound(devmap, KeyCodec.Format(devmap.Definition.KeySelector, askedKey));
        if (before.KernelKey is { } kernelKey)
            devmap.Kernel.Delete(scope, kernelKey);
        devmap.Revision = context.State.NextRevision();
        EntryChanges.Publish(context, devmap, before, null);
        if (before.KernelKey is { } freed)
            LinkReconciliation.RetryKey(scope, context, devmap, freed);
        return true;
    }
}
