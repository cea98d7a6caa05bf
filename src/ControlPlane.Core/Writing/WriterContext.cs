using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Core.Writing;

/// <summary>What a command works with: state, kernel, clock, and the interfaces as the kernel gave them during this batch.</summary>
internal sealed class WriterContext(ControlPlaneState state, IKernel kernel, TimeProvider time, ILogger logger)
{
    private readonly Dictionary<string, InterfaceInfo?> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<uint, InterfaceInfo?> _byIfindex = [];

    // What watchers know of interfaces that something depends on: a notice that says nothing new is not passed on.
    private readonly Dictionary<string, InterfaceInfo?> _told = new(StringComparer.Ordinal);

    public ControlPlaneState State { get; } = state;

    public IKernel Kernel { get; } = kernel;

    public ILogger Logger { get; } = logger;

    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>The last revision given to a plan; ahead of the published one until the batch is applied.</summary>
    public long PlannedRevision { get; set; }

    /// <summary>What has been applied and not yet been told to watchers, in the order of revisions.</summary>
    public List<Change> Changes { get; } = [];

    private long LastRevision => Changes.Count > 0 ? Changes[^1].Revision : State.Revision;

    /// <summary>Interfaces whose being a target, or whose facts, have changed: they may need a pass program, or need one no more.</summary>
    public HashSet<string> TargetsToEnsure { get; } = new(StringComparer.Ordinal);

    /// <summary>Takes the next revision. One that is planned and not committed is left out of the sequence.</summary>
    public long NextRevision() => ++PlannedRevision;

    /// <summary>
    /// The interface of this name. The kernel is asked at the first use in a batch: the monitored table may be behind what the
    /// caller already knows, and one question a batch costs a bulk load nothing.
    /// </summary>
    public InterfaceInfo? Interface(string name)
    {
        if (!_byName.TryGetValue(name, out var info))
            _byName[name] = info = Kernel.Interfaces.Query(name);
        return info;
    }

    /// <summary>The interface of this index, likewise.</summary>
    public InterfaceInfo? Interface(uint ifindex)
    {
        if (!_byIfindex.TryGetValue(ifindex, out var info))
            _byIfindex[ifindex] = info = Kernel.Interfaces.Query(ifindex);
        return info;
    }

    /// <summary>The status of what depends on an interface has changed, under no revision of its own.</summary>
    public void StatusChanged(DevmapState devmap, string interfaceName, int entries)
    {
        Changes.Add(new Change.Status(
            devmap, LastRevision, interfaceName, Interface(interfaceName)?.Ifindex, entries, devmap.Attachments.ContainsKey(interfaceName)));
    }

    /// <summary>Others have changed the devmap in the kernel, under no revision of its own either.</summary>
    public void DriftFound(DevmapState devmap, List<Drift> drifts)
    {
        if (drifts.Count > 0)
            Changes.Add(new Change.DriftFound(devmap, LastRevision, drifts.Count, drifts.Count(d => d.Repaired)));
    }

    /// <summary>
    /// Whether an interface differs from what it was at the last call with its name. By the table that readers see: had they been told
    /// of what it does not show yet, they would be told nothing when it does.
    /// </summary>
    /// <param name="name">The name.</param>
    /// <param name="used">Whether anything depends on it; if not, it is forgotten.</param>
    public bool HasChanged(string name, bool used)
    {
        if (!used)
            return _told.Remove(name);
        var now = Kernel.Interfaces.Current.Find(name);
        if (_told.TryGetValue(name, out var before) && before == now)
            return false;
        _told[name] = now;
        return true;
    }

    /// <summary>Forgets the interfaces: at the end of a batch, and when the kernel says that one has gone meanwhile.</summary>
    public void ForgetInterfaces()
    {
        _byName.Clear();
        _byIfindex.Clear();
    }
}
