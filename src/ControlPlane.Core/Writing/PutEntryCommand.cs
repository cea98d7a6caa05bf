using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing;

/// <summary>Makes an entry be as asked. Answers with the entry and whether it is new.</summary>
internal sealed class PutEntryCommand(
    DevmapState devmap,
    EntryKey askedKey,
    EntrySpec spec,
    bool allowPending,
    Precondition precondition) : WriterCommand<(bool Created, PlacedEntry Entry)>
{
    // A write of what is stored succeeds in any state of the interfaces.
    private bool _interfacesMayBeMissing;

    protected override Plan<(bool Created, PlacedEntry Entry)> Plan(WriterContext context)
    {
        var before = EntryLookup.Find(devmap, askedKey);
        var key = before?.Record.Key ?? Identify(context);
        precondition.Require(new EntryId(devmap, key).ToString(), before?.Record.Revision);
        var placement = EntryChanges.Resolve(context, key, spec.Interface);
        _interfacesMayBeMissing = allowPending || before?.Record.Spec == spec;
        RequireInterfaces(key, placement);
        EgressPrograms.RequireExists(context.State, spec.EgressProgram);
        RequireFreeKey(context, key, placement.KernelKey, before);
        RequireOneProgramPerDevice(context, key);
        if (before is null && devmap.Entries.Count >= devmap.Definition.Spec.MaxEntries)
            throw KernelErrors.Full(devmap.Definition);

        var record = NextRecord(context, key, before?.Record);
        return new(
            new Footprint(devmap, key, placement.KernelKey, spec.Interface, spec.EgressProgram, Adds: before is null),
            record == before?.Record ? [] : [new StoreChange.PutEntry(record)],
            [before is null ? new StoreChange.DeleteEntry(devmap.Definition.Name, key) : new StoreChange.PutEntry(before.Record)],
            (scope, _) => Apply(scope, context, before, new PlacedEntry(record, placement.KernelKey), placement.Target));
    }

    private (bool Created, PlacedEntry Entry) Apply(
        WriterScope scope, WriterContext context, PlacedEntry? before, PlacedEntry after, InterfaceInfo? device)
    {
        if (after.KernelKey is { } taken && devmap.Entries.Find(taken) is { } holder && holder.Record.Key != after.Record.Key)
            LinkReconciliation.Place(scope, context, devmap, holder);
        if (after.KernelKey is { } kernelKey && !(device is not null && TryWrite(scope, context, kernelKey, device)) && before is not null)
            devmap.Kernel.Delete(scope, kernelKey);
        if (before?.KernelKey is { } oldKernelKey && oldKernelKey != after.KernelKey)
            devmap.Kernel.Delete(scope, oldKernelKey);
        if (after != before)
            EntryChanges.Publish(context, devmap, before, after);
        if (after.Record != before?.Record)
            context.Changes.Add(new Change.EntryPut(devmap, after));
        else if (after != before)
            context.StatusChanged(devmap, spec.Interface, 1);
        if (before?.KernelKey is { } freed && freed != after.KernelKey)
            LinkReconciliation.RetryKey(scope, context, devmap, freed);
        return (before is null, after);
    }

    // Where pending is allowed, a device that goes between the question and the write makes the entry just that.
    private bool TryWrite(WriterScope scope, WriterContext context, uint kernelKey, InterfaceInfo device)
    {
        try
        {
            EntryChanges.Write(scope, context, devmap, kernelKey, device, spec.EgressProgram);
            return true;
        }
        catch (ControlPlaneException e) when (_interfacesMayBeMissing && e.Error.Code == ErrorCode.InterfaceNotFound)
        {
            return false;
        }
    }

    // A number that is the ifindex of an interface means that interface, and follows it from now on.
    private EntryKey Identify(WriterContext context) =>
        devmap.Definition.Spec.KeySelector == KeySelector.IngressInterface
        && askedKey.InterfaceName is null
        && context.Interface(askedKey.Number) is { } named
            ? EntryKey.OfInterface(named.Name)
            : askedKey;

    private EntryRecord NextRecord(WriterContext context, EntryKey key, EntryRecord? old)
    {
        if (old is not null && old.Spec == spec)
            return old;
        var now = context.Now;
        return new EntryRecord(devmap.Definition.Name, key, spec, context.NextRevision(), old?.CreateTime ?? now, now);
    }

    private void RequireInterfaces(EntryKey key, EntryChanges.Placement placement)
    {
        if (_interfacesMayBeMissing)
            return;
        if (placement.KernelKey is null)
            throw KernelErrors.NoInterface("key", key.InterfaceName!, pendingPossible: true);
        if (placement.Target is null)
            throw KernelErrors.NoInterface("interface", spec.Interface, pendingPossible: true);
    }

    private void RequireFreeKey(WriterContext context, EntryKey key, uint? kernelKey, PlacedEntry? before)
    {
        if (kernelKey is not { } number || devmap.Entries.Find(number) is not { } holder || holder.Record.Key == before?.Record.Key)
            return;
        if (HasLost(context, holder, number))
            return;
        throw new ControlPlaneException(EntryErrors.KeyConflict(TextOf(key), number, devmap.Definition.Name, TextOf(holder.Record.Key)));
    }

    private string TextOf(EntryKey key) => KeyCodec.Format(devmap.Definition.Spec.KeySelector, key);

    // Its interface has gone and ours has the index now, which the caller knows before we are told.
    private static bool HasLost(WriterContext context, PlacedEntry holder, uint kernelKey) =>
        holder.Record.Key.InterfaceName is { } name && context.Interface(name)?.Ifindex != kernelKey;

    private void RequireOneProgramPerDevice(WriterContext context, EntryKey key)
    {
        var self = new EntryId(devmap, key);
        if (context.State.Targets.FindConflict(spec.Interface, spec.EgressProgram, self) is not var (other, otherProgram))
            return;
        throw new ControlPlaneException(
            EntryErrors.EgressProgramConflict(self.ToString(), spec.EgressProgram, spec.Interface, other.ToString(), otherProgram));
    }
}
