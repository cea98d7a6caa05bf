using System.Collections.Concurrent;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Core.State;

/// <summary>The kernel objects of the open devmaps. Snapshots hold identities; whoever asks the kernel looks its objects up here.</summary>
internal sealed class DevmapHandles : IDisposable
{
    private static readonly TimeSpan _readers = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<DevmapId, IDevmap> _open = new();

    /// <summary>Returns the kernel objects of a devmap.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.DevmapNotFound"/>: the devmap has been removed.</exception>
    public IDevmap this[DevmapId id] => _open.GetValueOrDefault(id) ?? throw new ControlPlaneException(DevmapErrors.NotFound(id.Name));

    /// <summary>Returns the kernel objects of a devmap; null if it has been removed.</summary>
    public IDevmap? Find(DevmapId id) => _open.GetValueOrDefault(id);

    /// <summary>Adds a devmap that has been opened, and gives it its identity. The registry closes it.</summary>
    public DevmapId Add(IDevmap devmap)
    {
        var id = new DevmapId(devmap.Definition.Name, devmap.Definition.Spec.KeySelector);
        _open[id] = devmap;
        return id;
    }

    /// <summary>The devmap has other kernel objects from now on.</summary>
    public void Replace(DevmapId id, IDevmap devmap)
    {
        var before = this[id];
        _open[id] = devmap;
        Retire(before);
    }

    /// <summary>The devmap has been removed.</summary>
    public void Remove(DevmapId id)
    {
        if (_open.TryRemove(id, out var devmap))
            Retire(devmap);
    }

    /// <summary>Returns the devmap whose redirect program has this id, or null.</summary>
    public DevmapId? OfRedirectProgram(uint programId)
    {
        foreach (var (id, devmap) in _open)
        {
            if (devmap.ProgramIds.Contains(programId))
                return id;
        }

        return null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (id, devmap) in _open)
        {
            devmap.Dispose();
            _open.TryRemove(id, out _);
        }
    }

    // Readers that have found the devmap before go on reading it for a moment.
    private static void Retire(IDevmap devmap) => _ = Task.Delay(_readers).ContinueWith(static (_, retired) => ((IDevmap)retired!).Dispose(), devmap, TaskScheduler.Default);
}

/// <summary>The findings of the audits of each devmap. Safe on any thread.</summary>
internal sealed class AuditTallies
{
    private readonly ConcurrentDictionary<DevmapId, AuditTally> _tallies = new();

    /// <summary>Returns the tally of a devmap.</summary>
    public AuditTally Of(DevmapId devmap) => _tallies.GetValueOrDefault(devmap) ?? AuditTally.None;

    /// <summary>The devmap has been removed.</summary>
    public void Remove(DevmapId devmap) => _tallies.TryRemove(devmap, out _);

    /// <summary>Adds an audit that has ended.</summary>
    public void Add(DevmapId devmap, AuditReport report) =>
        _tallies.AddOrUpdate(devmap, static (_, ended) => AuditTally.None.With(ended), static (_, tally, ended) => tally.With(ended), report);
}
