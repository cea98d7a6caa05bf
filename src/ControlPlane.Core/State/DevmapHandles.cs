using System.Collections.Concurrent;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Core.State;

/// <summary>The kernel objects of the open devmaps. Snapshots hold identities; whoever asks the kernel looks its objects up here.</summary>
internal sealed class DevmapHandles : IDisposable
{
    private readonly ConcurrentDictionary<DevmapId, IDevmap> _open = new();

    /// <summary>Returns the kernel objects of a devmap.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.DevmapNotFound"/>: the devmap has been removed.</exception>
    public IDevmap this[DevmapId id] => _open.GetValueOrDefault(id) ?? throw new ControlPlaneException(DevmapErrors.NotFound(id.Name));

    /// <summary>Adds a devmap that has been opened, and gives it its identity. The registry closes it.</summary>
    public DevmapId Add(IDevmap devmap)
    {
        var id = new DevmapId(devmap.Definition.Name);
        _open[id] = devmap;
        return id;
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
}

/// <summary>The findings of the audits of each devmap. Safe on any thread.</summary>
internal sealed class AuditTallies
{
    private readonly ConcurrentDictionary<DevmapId, AuditTally> _tallies = new();

    /// <summary>Returns the tally of a devmap.</summary>
    public AuditTally Of(DevmapId devmap) => _tallies.GetValueOrDefault(devmap) ?? AuditTally.None;

    /// <summary>Adds an audit that has ended.</summary>
    public void Add(DevmapId devmap, AuditReport report) =>
        _tallies.AddOrUpdate(devmap, static (_, ended) => AuditTally.None.With(ended), static (_, tally, ended) => tally.With(ended), report);
}
