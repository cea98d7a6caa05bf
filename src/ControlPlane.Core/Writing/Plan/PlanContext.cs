using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing.Plan;

/// <summary>The basis of plans: the state, one table of the interfaces, and the kernel through the readers' descriptors.</summary>
internal sealed class PlanContext(ControlPlaneState shared, IKernel kernel, TimeProvider time)
{
    private GoneInterfaces? _gone;

    /// <summary>The state that the writer works on.</summary>
    public WorkingState State { get; } = new(shared);

    /// <summary>The interfaces, as of the last <see cref="Refresh"/>.</summary>
    public InterfaceTable Interfaces { get; private set; } = InterfaceTable.Empty;

    /// <summary>The interfaces as they were when the last notification about them was handled.</summary>
    public InterfaceTable Reconciled { get; set; } = InterfaceTable.Empty;

    /// <summary>The interfaces that the kernel follows just now, in slices: elements of their entries may not be as desired yet.</summary>
    public HashSet<string> Following { get; } = new(StringComparer.Ordinal);

    /// <summary>The time.</summary>
    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Returns the time for a change of a resource: never before its last change, also if the clock went back.</summary>
    /// <param name="last">The time of its last change; null for a new resource.</param>
    public DateTimeOffset TimeAfter(DateTimeOffset? last) => last is { } known && known > Now ? known : Now;

    /// <summary>The last revision given to a plan; ahead of the published one until the batch is published.</summary>
    public long PlannedRevision { get; set; }

    /// <summary>The changes done and not yet reported to watchers, in the order of revisions.</summary>
    public List<Change> Changes { get; } = [];

    /// <summary>The revision for a change of status: that of the change before it.</summary>
    public long LastRevision => Changes.Count > 0 ? Changes[^1].Revision : shared.Current.Revision;

    /// <summary>Reads the interfaces again. Once per batch, and after a step that changes an interface.</summary>
    /// <exception cref="KernelException">The kernel refused; the table stays as it is.</exception>
    public void Refresh() => Interfaces = kernel.Interfaces.Refresh();

    /// <summary>
    /// Returns the name of the interface that has this name or this alternative name; the same name if there is none. Asks the kernel unless
    /// the name is that of a known interface: a new alternative name of an interface that is down is not announced.
    /// </summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public string Canonical(string name)
    {
        if (Interfaces.Find(name)?.Name == name)
            return name;
        if (kernel.Interfaces.Query(name) is not { } asked)
            return name;
        if (Interfaces.Find(asked.Ifindex) != asked)
            Refresh();
        return asked.Name;
    }

    /// <summary>Returns the entry of this key, under whichever of the interface's names it is stored; null if there is none.</summary>
    public PlacedEntry? Find(WorkingDevmap devmap, EntryKey key)
    {
        var found = devmap.Find(key);
        if (found is not null || key.InterfaceName is not { } name)
            return found;
        Canonical(name);
        return Interfaces.NamesOf(name).Select(n => devmap.Find(EntryKey.OfInterface(n))).FirstOrDefault(e => e is not null);
    }

    /// <summary>Returns the attachment to this interface, under whichever of the interface's names it is stored; null if there is none.</summary>
    public PlacedAttachment? FindAttachment(WorkingDevmap devmap, string interfaceName)
    {
        if (devmap.Attachments.GetValueOrDefault(interfaceName) is { } found)
            return found;
        Canonical(interfaceName);
        return Interfaces.NamesOf(interfaceName).Select(n => devmap.Attachments.GetValueOrDefault(n)).FirstOrDefault(a => a is not null);
    }

    /// <summary>The times of the leases.</summary>
    public LeaseClock LeaseClock => shared.LeaseClock;

    /// <summary>The interfaces that do not exist and whose entries end for that.</summary>
    public GoneInterfaces Gone => _gone ??= new GoneInterfaces(State, time);

    /// <summary>Whether a lease exists and its time is not over. No lease is one that exists.</summary>
    public bool HasLease(string? lease) => lease is null || (State.Leases.ContainsKey(lease) && shared.LeaseClock.IsAlive(lease));

    /// <summary>Returns the pins that somebody else removed.</summary>
    public IReadOnlyList<string> FindMissingPins() => kernel.Pins.FindMissing();

    /// <summary>Takes the next revision. If its plan is not committed, no change ever has it.</summary>
    public long NextRevision() => ++PlannedRevision;

    /// <summary>Returns a devmap.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.DevmapNotFound"/>: it has been removed since the command was made.</exception>
    public WorkingDevmap Devmap(DevmapId id) => State.Find(id) ?? throw new ControlPlaneException(DevmapErrors.NotFound(id.Name));

    /// <summary>Returns what the kernel has of a devmap. Plans only read.</summary>
    public IDevmap Kernel(DevmapId id) => shared.Handles[id];

    /// <summary>Whether the kernel has tcx.</summary>
    public bool HasTcx => kernel.Host.Features.Any(f => f is { Name: KernelFeatureNames.Tcx, Available: true });

    /// <summary>The pass programs in the kernel. Plans only read.</summary>
    public IPassPrograms PassPrograms => kernel.PassPrograms;

    /// <summary>Reports that the status of what depends on an interface has changed, under no revision of its own.</summary>
    public void StatusChanged(WorkingDevmap devmap, string interfaceName, int entries) => Changes.Add(new Change.Status(
        devmap.Id, LastRevision, interfaceName, Interfaces.Find(interfaceName)?.Ifindex, entries, devmap.Attachments.ContainsKey(interfaceName)));
}
