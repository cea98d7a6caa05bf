using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing;

/// <summary>
/// Brings kernel and desired state together after interfaces have come, gone or changed their names. What it cannot bring
/// about stays in the desired state as pending or failed; it never changes what is wanted.
/// </summary>
internal static class LinkReconciliation
{
    /// <summary>Everything that depends on the interfaces of these names.</summary>
    public static void Reconcile(WriterScope scope, WriterContext context, IReadOnlyCollection<string> names)
    {
        // All let go before any takes: names may have changed places.
        foreach (var name in names)
            DetachStale(scope, context, name);
        foreach (var name in names)
            Reconcile(scope, context, name);
    }

    private static void Reconcile(WriterScope scope, WriterContext context, string name)
    {
        var affected = new Dictionary<DevmapState, int>();
        foreach (var devmap in context.State.Devmaps.Values)
        {
            if (devmap.Entries.Find(EntryKey.OfInterface(name)) is not { } keyed)
                continue;
            Place(scope, context, devmap, keyed);
            if (keyed.Record.Spec.Interface != name)
                affected[devmap] = 1;
        }

        foreach (var id in context.State.Targets.EntriesOf(name))
        {
            if (id.Devmap.Entries.Find(id.Key) is not { } entry)
                continue;
            Place(scope, context, id.Devmap, entry);
            affected[id.Devmap] = affected.GetValueOrDefault(id.Devmap) + 1;
        }

        foreach (var devmap in context.State.Devmaps.Values.Where(d => d.Attachments.ContainsKey(name)))
        {
            Reattach(scope, context, devmap, name);
            affected.TryAdd(devmap, 0);
        }

        if (!context.HasChanged(name, affected.Count > 0))
            return;
        foreach (var (devmap, entries) in affected)
            context.StatusChanged(devmap, name, entries);
    }

    /// <summary>Every name that anything depends on.</summary>
    public static IReadOnlyCollection<string> NamesInUse(ControlPlaneState state) =>
        state.Targets.Interfaces
            .Concat(state.Devmaps.Values.SelectMany(d => d.Entries.InterfaceKeys))
            .Concat(state.Devmaps.Values.SelectMany(d => d.Attachments.Keys))
            .ToHashSet(StringComparer.Ordinal);

    /// <summary>A kernel key has become free: an entry that waited for it takes it.</summary>
    public static void RetryKey(WriterScope scope, WriterContext context, DevmapState devmap, uint kernelKey)
    {
        // Only keys that name interfaces can wait; for other devmaps a deletion must not cost a question to the kernel.
        if (devmap.Definition.Spec.KeySelector != KeySelector.IngressInterface)
            return;
        try
        {
            if (context.Interface(kernelKey) is not { } named || devmap.Entries.Find(EntryKey.OfInterface(named.Name)) is not { KernelKey: null } waiting)
                return;
            Place(scope, context, devmap, waiting);
            context.StatusChanged(devmap, named.Name, 1);
        }
        catch (KernelException e)
        {
            // What freed the key is done, and must be answered so.
            WriterLog.KeyNotRetried(context.Logger, kernelKey, e);
        }
    }

    /// <summary>Brings one entry to where it belongs now.</summary>
    public static void Place(WriterScope scope, WriterContext context, DevmapState devmap, PlacedEntry entry)
    {
        var record = entry.Record;
        var placement = EntryChanges.Resolve(context, record.Key, record.Spec.Interface);
        var kernelKey = placement.KernelKey;
        EntryFailure? failure = null;
        if (kernelKey is { } taken && devmap.Entries.Find(taken) is { } holder && holder.Record.Key != record.Key)
        {
            kernelKey = null;
            failure = new EntryFailure(
                "KeyConflict",
                $"The interface has the index {taken}, which is the kernel key of the entry '{new EntryId(devmap, holder.Record.Key)}'.",
                EntryErrors.DeleteOther(devmap.Definition.Name, KeyCodec.Format(devmap.Definition.Spec.KeySelector, holder.Record.Key)));
        }

        try
        {
            if (entry.KernelKey is { } oldKey && oldKey != kernelKey)
                devmap.Kernel.Delete(scope, oldKey);
            if (kernelKey is { } key && placement.Target is { } target)
                EntryChanges.Write(scope, context, devmap, key, target, record.Spec.EgressProgram);
            else if (kernelKey is { } withoutTarget)
                devmap.Kernel.Delete(scope, withoutTarget);
        }
        catch (ControlPlaneException e) when (e.Error.Code == ErrorCode.InterfaceNotFound)
        {
            // Gone again meanwhile: the next event says so.
        }
        catch (ControlPlaneException e)
        {
            failure = new EntryFailure("KernelRefused", e.Error.Detail, e.Error.Remedy);
        }
        catch (KernelException e)
        {
            failure = new EntryFailure("KernelRefused", e.Message, null);
        }

        var after = new PlacedEntry(record, kernelKey, failure);
        if (after == entry)
            return;
        EntryChanges.Publish(context, devmap, entry, after);
        if (entry.KernelKey is { } freed && freed != after.KernelKey)
            RetryKey(scope, context, devmap, freed);
    }

    // What the kernel says of the link counts, and not what was true when it was made: a device that came in the place of another
    // may have its index, too. And an interface that has another name now is another one to us, and must not keep the program.
    private static void DetachStale(WriterScope scope, WriterContext context, string name)
    {
        foreach (var devmap in context.State.Devmaps.Values)
        {
            if (devmap.Attachments.GetValueOrDefault(name) is not { Link: not null } status)
                continue;
            if (devmap.Kernel.FindLink(name) is { Ifindex: not 0 } link && link.Ifindex == context.Interface(name)?.Ifindex)
                continue;
            string? failure = null;
            try
            {
                devmap.Kernel.Detach(scope, name);
            }
            catch (KernelException e)
            {
                failure = e.Message;
            }

            devmap.Attachments = devmap.Attachments.SetItem(name, status with { Link = null, Failure = failure });
        }
    }

    /// <summary>Makes the redirect program run on the interface of this name, as wanted, if it exists and has no link.</summary>
    public static void Reattach(WriterScope scope, WriterContext context, DevmapState devmap, string name)
    {
        if (devmap.Attachments.GetValueOrDefault(name) is not { Link: null } status)
            return;
        PlacedAttachment after;
        if (context.Interface(name) is not { } ingress)
        {
            after = status with { Failure = null };
        }
        else
        {
            try
            {
                PassPrograms.Release(scope, context, name);
                after = status with { Link = devmap.Kernel.Attach(scope, ingress, status.Record.Spec.Mode), Failure = null };
            }
            catch (KernelException e)
            {
                after = status with { Failure = KernelErrors.Attach(e, devmap.Definition.Name, ingress, status.Record.Spec.Mode).Error.Detail };
            }
        }

        devmap.Attachments = devmap.Attachments.SetItem(name, after);
    }
}
