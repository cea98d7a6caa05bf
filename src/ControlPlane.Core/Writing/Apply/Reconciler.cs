using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Plan;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Core.Writing.Apply;

/// <summary>
/// Makes the kernel match the desired state. Requests, link events, audits and the start name what may differ; what that means for each
/// resource <see cref="Convergence"/> decides. The desired state never changes here.
/// </summary>
/// <param name="context">The basis of plans.</param>
/// <param name="executor">Applies placements.</param>
/// <param name="runner">Runs steps.</param>
/// <param name="store">Makes one change of the store durable at once.</param>
/// <param name="logger">The log of the writer.</param>
internal sealed partial class Reconciler(PlanContext context, Executor executor, StepRunner runner, Action<StoreChange> store, ILogger logger)
{
    // Keys that could not be undone or asked about are converged with every batch until that succeeds.
    private readonly HashSet<ResourceKey> _owed = [];

    /// <summary>Makes the kernel match the desired state where these keys, or what applied plans have touched, say that it may not.</summary>
    /// <returns>The refusals of the kernel, with the reasons.</returns>
    public IReadOnlyDictionary<ResourceKey, string> Converge(WriterScope scope, IReadOnlyCollection<ResourceKey> keys)
    {
        var refused = new Dictionary<ResourceKey, string>();
        var targets = new HashSet<string>(StringComparer.Ordinal);
        var work = new Queue<ResourceKey>(keys);
        _owed.UnionWith(executor.TakeOwed());
        foreach (var key in _owed)
            work.Enqueue(key);
        do
        {
            foreach (var touched in executor.TakeTouched())
                work.Enqueue(touched);
            while (work.TryDequeue(out var key))
                Converge(scope, key, targets, refused);
            ConvergePassPrograms(scope, targets);
            foreach (var touched in executor.TakeTouched())
                work.Enqueue(touched);
        }
        while (work.Count > 0);
        return refused;
    }

    private void Converge(WriterScope scope, ResourceKey key, HashSet<string> targets, Dictionary<ResourceKey, string> refused)
    {
        try
        {
            Refresh();
            var reason = key switch
            {
                ResourceKey.Entries(var ids) => PlaceEntries(scope, ids)?.Detail,
                ResourceKey.Elements(var devmap, var kernelKeys) => DeleteForeign(scope, devmap, kernelKeys),
                ResourceKey.StaleLinks(var name) => LetGo(scope, name),
                ResourceKey.PassProgram(var device) => ConvergePassProgram(scope, device),
                ResourceKey.Target(var name) => Add(targets, name),
                ResourceKey.Element(var id) => ConvergeElement(scope, id),
                ResourceKey.FreedKey(var id) => ConvergeFreedKey(scope, id),
                ResourceKey.Attachment(var devmap, var name) => ConvergeAttachment(scope, devmap, name),
                ResourceKey.Promiscuity => ConvergePromiscuity(scope),
                ResourceKey.Pins => executor.Place(scope, new Placement.OfObject([new KernelStep.RestorePins()])),
                ResourceKey.RemovedDevmap(var name) => ConvergeDevmap(scope, name),
                ResourceKey.Slot(var devmap) => executor.Place(scope, new Placement.OfObject([new KernelStep.Activate(devmap)])),
                _ => throw new ArgumentOutOfRangeException(nameof(key), key, "not a resource"),
            };
            if (reason is not null)
                refused[key] = reason;
            else
                _owed.Remove(key);
        }
        catch (StoreException e)
        {
            // An interface is promiscuous only once the store knows that it must be undone.
            ApplyLog.PromiscuityNotStored(logger, e);
            refused[key] = e.Message;
            _owed.Add(key);
        }
        catch (KernelException e)
        {
            // The plan that this follows from is done, and must be answered so.
            ApplyLog.NotConverged(logger, key, e);
            refused[key] = e.Message;
            _owed.Add(key);
        }
    }

    private string? ConvergeDevmap(WriterScope scope, string name)
    {
        // Another one has its name by now, and was made over the remains.
        if (context.State.Find(name) is not null)
            return null;
        var reason = executor.Place(scope, new Placement.OfObject([new KernelStep.RemoveDevmap(name)]));
        if (reason is not null)
            _owed.Add(new ResourceKey.RemovedDevmap(name));
        return reason;
    }

    // The desired state can be ahead of the entry as the kernel has it: a swap has not reached it.
    private Error? PlaceEntries(WriterScope scope, IReadOnlyList<EntryId> ids)
    {
        var placements = new List<Placement.OfEntry>(ids.Count);
        foreach (var id in ids)
        {
            if (context.State.Find(id.Devmap) is not { } devmap || devmap.Entries.FindPlaced(id.Key) is not { } placed)
                continue;
            var desired = devmap.Entries.SwapOf(placed) is { } swap
                ? swap.Apply(placed.Record, context.State.Targets.Shared(placed.Record.Spec with { EgressProgram = swap.EgressProgram }))
                : placed.Record;
            placements.Add(Convergence.Entry(context, devmap, placed, desired));
        }

        return executor.PlaceAll(scope, placements);
    }

    private string? ConvergeElement(WriterScope scope, ElementId id)
    {
        if (context.State.Find(id.Devmap) is not { } devmap)
            return null;
        return devmap.Entries.Find(id.KernelKey) is { } entry
            ? PlaceEntry(scope, devmap, entry)
            : executor.Place(scope, new Placement.OfObject([new KernelStep.DeleteElement(id, null)]));
    }

    private string? DeleteForeign(WriterScope scope, DevmapId id, IReadOnlyList<uint> kernelKeys)
    {
        string? reason = null;
        foreach (var kernelKey in kernelKeys)
        {
            if (context.State.Find(id)?.Entries.Find(kernelKey) is null)
                reason = ConvergeElement(scope, new ElementId(id, kernelKey)) ?? reason;
        }

        return reason;
    }

    private string? ConvergeFreedKey(WriterScope scope, ElementId id)
    {
        if (context.State.Find(id.Devmap) is not { } devmap
            || context.Interfaces.Find(id.KernelKey) is not { } named
            || context.Interfaces.NamesOf(named.Name).Select(n => devmap.Entries.Find(EntryKey.OfInterface(n))).FirstOrDefault(e => e is not null)
                is not { KernelKey: null } waiting)
        {
            return null;
        }

        var reason = PlaceEntry(scope, devmap, waiting);
        context.StatusChanged(devmap, named.Name, 1);
        return reason;
    }

    private string? ConvergeAttachment(WriterScope scope, DevmapId id, string name)
    {
        if (context.State.Find(id) is not { } devmap || devmap.Attachments.GetValueOrDefault(name) is not { } attachment)
            return null;
        string? reason = null;
        foreach (var placement in Convergence.Attachment(context, devmap, attachment, attachment.Record))
            reason = executor.Place(scope, placement);
        return reason;
    }

    private string? ConvergePromiscuity(WriterScope scope)
    {
        string? reason = null;
        foreach (var placement in Convergence.Promiscuity(context))
        {
            if (placement is { SetsFlag: true, Store: { } set })
                store(set);
            reason = executor.Place(scope, placement) ?? reason;
            // The store may list an interface that has no flag, and never lacks one that has.
            if (context.State.Promiscuity.GetValueOrDefault(placement.Ifindex) is not { IsOurs: true } && placement is { SetsFlag: true } or { Before.IsOurs: true })
                store(new StoreChange.DeletePromiscuity(placement.Ifindex));
        }

        return reason;
    }

    private string? PlaceEntry(WriterScope scope, WorkingDevmap devmap, PlacedEntry entry) =>
        executor.Place(scope, Convergence.Entry(context, devmap, entry, entry.Record));

    private string? LetGo(WriterScope scope, string name)
    {
        string? reason = null;
        foreach (var devmap in context.State.Devmaps)
        {
            if (devmap.Attachments.GetValueOrDefault(name) is { } attachment && Convergence.LetGo(context, devmap, attachment) is { } placement)
                reason = executor.Place(scope, placement) ?? reason;
        }

        return reason;
    }

    private void ConvergePassPrograms(WriterScope scope, HashSet<string> targets)
    {
        if (targets.Count == 0)
            return;
        Refresh();
        foreach (var device in Convergence.DevicesOf(context, targets))
        {
            Refresh();
            ConvergePassProgram(scope, device);
        }

        targets.Clear();
    }

    private string? ConvergePassProgram(WriterScope scope, string device) =>
        Convergence.PassProgram(context, device) is { } placement ? executor.Place(scope, placement) : null;

    // By one table per batch; again only after a step that changes what runs on an interface.
    private void Refresh()
    {
        if (!runner.HasTouchedInterfaces)
            return;
        runner.HasTouchedInterfaces = false;
        try
        {
            context.Refresh();
        }
        catch (KernelException)
        {
            runner.HasTouchedInterfaces = true;
        }
    }

    private static string? Add(HashSet<string> targets, string name)
    {
        targets.Add(name);
        return null;
    }
}
