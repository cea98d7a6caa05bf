using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Apply;

/// <summary>Long work, in slices.</summary>
internal sealed partial class Reconciler
{
    // The interfaces that something depends on, as watchers know them: a notification that says nothing new is not passed on.
    private readonly Dictionary<string, (InterfaceInfo? Info, InterfaceInfo? Device)> _reported = new(StringComparer.Ordinal);

    /// <summary>Returns the name of every interface that something depends on.</summary>
    public IReadOnlyCollection<string> NamesInUse() =>
        context.State.Targets.Interfaces
            .Concat(context.State.Devmaps.SelectMany(d => d.Entries.InterfaceKeys))
            .Concat(context.State.Devmaps.SelectMany(d => d.Attachments.Keys))
            .Concat(context.State.PassPrograms.Keys)
            .ToHashSet(StringComparer.Ordinal);

    /// <summary>Runs a slice of a job: at least one step.</summary>
    /// <returns>Whether there is more to do.</returns>
    /// <exception cref="KernelException">The kernel could not be asked about entries. Some of it is done, and all of it can be done again.</exception>
    public bool Run(WriterScope scope, Job job, Func<bool> isOver)
    {
        var refused = new Dictionary<ResourceKey, string>();
        var targets = new HashSet<string>(StringComparer.Ordinal);
        var goesOn = false;
        do
        {
            goesOn = job.TryNext(out var key);
            if (key is null)
                break;
            Refresh();
            if (key is ResourceKey.Entries(var ids))
                job.Refusal ??= PlaceEntries(scope, ids);
            else if (key is ResourceKey.Candidate(var devmap, var kernelKeys))
                job.Refusal ??= Build(scope, devmap, kernelKeys);
            else
                Converge(scope, key, targets, refused);
        }
        while (!isOver());

        if (job is EndJob)
            _owed.UnionWith(refused.Keys);
        Converge(scope, [.. targets.Select(t => new ResourceKey.Target(t))]);
        return goesOn;
    }

    /// <summary>Gives the candidate of a devmap the elements of these keys.</summary>
    /// <returns>The kernel's first refusal; null if there was none. The rest is not written then.</returns>
    public Error? Build(WriterScope scope, DevmapId devmap, IReadOnlyList<uint> kernelKeys)
    {
        if (context.State.Find(devmap)?.Building?.Entries is not { } entries)
            return null;
        foreach (var key in kernelKeys)
        {
            var entry = entries.Find(key);
            try
            {
                runner.Run(scope, Convergence.InCandidate(context, devmap, key, entry));
            }
            catch (ControlPlaneException e) when (entry?.Failure is null)
            {
                return e.Error;
            }
            catch (ControlPlaneException)
            {
                // The kernel refuses the entry in the active table, too, as its status says.
            }
        }

        return null;
    }

    /// <summary>Returns the job that follows changes of interfaces.</summary>
    /// <param name="names">The names of the interfaces, as they were or are.</param>
    /// <param name="later">The names of interfaces that have changed too, and are for another job.</param>
    public LinkJob Follow(IReadOnlyCollection<string> names, IEnumerable<string> later)
    {
        // Entries for VLAN devices depend on the devices below these, too.
        List<string> vlans = [.. names.SelectMany(context.Interfaces.VlansOn).Except(names)];
        return vlans.Count == 0 ? new(names, StepsFor(names, later, entriesFirst: false)) : Follow([.. names, .. vlans], later);
    }

    /// <summary>Returns the job that brings everything into the kernel after a start: where frames arrive comes after where they go.</summary>
    public StartJob Start()
    {
        var names = NamesInUse();
        return new(names, context.State.Devmaps.ToArray().SelectMany(ForeignElements).Concat(StepsFor(names, [], entriesFirst: true)));
    }

    // The kernel may have as many elements that nobody desires as it has room for.
    private IEnumerable<ResourceKey> ForeignElements(WorkingDevmap devmap)
    {
        // A command has deleted the devmap since.
        if (context.State.Find(devmap.Id) is null)
            yield break;
        var found = 0;
        foreach (var keys in KernelWalk.Buckets(context.Kernel(devmap.Id), devmap.Entries.Freeze()).SelectMany(b => b.Keys).Chunk(ResourceKey.MostEntries))
        {
            uint[] foreign = [.. keys.Where(k => devmap.Entries.Find(k) is null)];
            found += foreign.Length;
            yield return new ResourceKey.Elements(devmap.Id, foreign);
        }

        if (found > 0)
            ApplyLog.ForeignRemoved(logger, devmap.Definition.Name, found);
    }

    private IEnumerable<ResourceKey> StepsFor(IReadOnlyCollection<string> names, IEnumerable<string> later, bool entriesFirst)
    {
        // All let go before any takes: names may have changed places.
        foreach (var name in names.Concat(later))
        {
            if (context.State.Devmaps.Any(d => d.Attachments.ContainsKey(name)))
                yield return new ResourceKey.StaleLinks(name);
        }

        List<(string Name, Dictionary<DevmapId, int> Entries)> affected = [.. names.Select(n => (n, new Dictionary<DevmapId, int>()))];
        var steps = entriesFirst
            ? affected.SelectMany(a => EntriesFor(a.Name, a.Entries)).Concat(affected.SelectMany(a => AttachmentsFor(a.Name, a.Entries)))
            : affected.SelectMany(a => EntriesFor(a.Name, a.Entries).Concat(AttachmentsFor(a.Name, a.Entries)));
        foreach (var step in steps)
            yield return step;

        foreach (var device in Convergence.DevicesOf(context, names))
            yield return new ResourceKey.PassProgram(device);
        yield return new ResourceKey.Promiscuity();

        foreach (var (name, entries) in affected)
        {
            if (!HasChanged(name, entries.Count > 0))
                continue;
            foreach (var (id, count) in entries)
            {
                if (context.State.Find(id) is { } devmap)
                    context.StatusChanged(devmap, name, count);
            }
        }
    }

    /// <summary>Returns the entries that depend on an interface, and counts them by devmap.</summary>
    private IEnumerable<ResourceKey> EntriesFor(string name, Dictionary<DevmapId, int> affected)
    {
        var keyed = new List<EntryId>();
        foreach (var devmap in context.State.Devmaps)
        {
            if (devmap.Entries.FindPlaced(EntryKey.OfInterface(name)) is not { } entry)
                continue;
            keyed.Add(new EntryId(devmap.Id, entry.Record.Key));
            if (entry.Record.Spec.Interface != name)
                affected[devmap.Id] = 1;
        }

        if (keyed.Count > 0)
            yield return new ResourceKey.Entries(keyed);
        foreach (var ids in context.State.Targets.EntriesOf(name).Chunk(ResourceKey.MostEntries))
        {
            foreach (var id in ids)
                affected[id.Devmap] = affected.GetValueOrDefault(id.Devmap) + 1;
            yield return new ResourceKey.Entries(ids);
        }
    }

    private IEnumerable<ResourceKey> AttachmentsFor(string name, Dictionary<DevmapId, int> affected)
    {
        foreach (var devmap in context.State.Devmaps.Where(d => d.Attachments.ContainsKey(name)).ToArray())
        {
            affected.TryAdd(devmap.Id, 0);
            yield return new ResourceKey.Attachment(devmap.Id, name);
        }
    }

    private bool HasChanged(string name, bool used)
    {
        if (!used)
            return _reported.Remove(name);
        var info = context.Interfaces.Find(name);
        var now = (info, info is null ? null : context.Interfaces.DeviceOf(info));
        if (_reported.TryGetValue(name, out var before) && before == now)
            return false;
        _reported[name] = now;
        return true;
    }
}
