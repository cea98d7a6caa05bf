using System.Collections.Concurrent;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Kernel.Drops;

/// <summary>
/// Drop counters, from programs on the kernel's XDP tracepoints. A host that cannot run these programs is reported, and is not
/// an error: the daemon only lacks some of its answers.
/// </summary>
internal sealed class LibbpfDropCounters : IDropCounters, IDisposable
{
    private const string Since = "5.13";

    private readonly ILogger _logger;
    private readonly DropMaps? _maps;
    private readonly List<HeldPin> _held = [];

    /// <summary>The active map of each open devmap. Only the writer's thread changes it.</summary>
    private readonly ConcurrentDictionary<string, uint> _mapIds = new(StringComparer.Ordinal);

    /// <summary>Adopts the drop counters that this build has pinned for this network namespace, and replaces any other of ours.</summary>
    public LibbpfDropCounters(string pinRoot, ILogger logger)
    {
        _logger = logger;
        string? reason = null;
        try
        {
            _maps = Open(DropPins.Of(pinRoot), logger);
            _maps.RemoveAllBut(PinnedMaps(pinRoot));
            _held.AddRange(DropPrograms.Hold(DropPins.Of(pinRoot)));
        }
        catch (KernelException refused)
        {
            reason = refused.Message;
        }
        catch (ControlPlaneException foreign)
        {
            reason = foreign.Error.Detail;
        }

        Feature = new KernelFeature(KernelFeatureNames.DropCounters, reason is null, Since, reason);
        if (reason is not null)
            KernelLog.DropsNotCounted(logger, reason);
    }

    /// <summary>Tells whether drops are counted, and why if they are not.</summary>
    public KernelFeature Feature { get; }

    /// <summary>Starts counting the drops of the devmap of this name, whose active map has this id.</summary>
    public void Add(string devmap, uint mapId)
    {
        _mapIds[devmap] = mapId;
        try
        {
            _maps?.Add(mapId);
        }
        catch (KernelException refused)
        {
            KernelLog.DevmapDropsNotCounted(_logger, devmap, refused.Message);
        }
    }

    /// <summary>Stops counting the drops of the devmap of this name.</summary>
    public void Remove(string devmap)
    {
        if (_mapIds.TryRemove(devmap, out var mapId))
            Remove(devmap, mapId);
    }

    /// <summary>Goes on with the counts of a devmap for another map, which programs are about to use.</summary>
    public void Follow(string devmap, uint from, uint to)
    {
        Add(devmap, to);
        Carry(devmap, from, to, begins: true);
        try
        {
            _maps?.CopyRedirectErrors(from, to);
        }
        catch (KernelException refused)
        {
            KernelLog.DevmapDropsNotCounted(_logger, devmap, refused.Message);
        }
    }

    /// <summary>Adds what was counted to the end for a map that no program uses any more, and stops counting it.</summary>
    public void Leave(string devmap, uint mapId)
    {
        Carry(devmap, mapId, _mapIds[devmap], begins: false);
        Remove(devmap, mapId);
    }

    private void Remove(string devmap, uint mapId)
    {
        try
        {
            _maps?.Remove(mapId);
        }
        catch (KernelException refused)
        {
            KernelLog.DevmapDropsNotCounted(_logger, devmap, refused.Message);
        }
    }

    private void Carry(string devmap, uint from, uint to, bool begins)
    {
        try
        {
            _maps?.Carry(from, to, begins);
        }
        catch (KernelException refused)
        {
            KernelLog.DevmapDropsNotCounted(_logger, devmap, refused.Message);
        }
    }

    public RedirectErrorTotals ReadRedirectTotals(string devmap) =>
        _maps is not null && _mapIds.TryGetValue(devmap, out var id) ? _maps.ReadTotals(id) : default;

    public IReadOnlyList<RedirectErrorCount> ReadRedirectErrors(string devmap) =>
        _maps is not null && _mapIds.TryGetValue(devmap, out var id) ? [.. _maps.ReadRedirectErrors(id)] : [];

    public IReadOnlyList<TransmitDropCount> ReadTransmitDrops() => _maps is null ? [] : [.. _maps.ReadTransmitDrops()];

    public IReadOnlyList<XdpExceptionCount> ReadExceptions() => _maps is null ? [] : [.. _maps.ReadExceptions()];

    /// <summary>The objects with their pins.</summary>
    public IEnumerable<HeldPin> Held => _held;

    /// <summary>Closes descriptors. The programs continue to count.</summary>
    public void Dispose()
    {
        _maps?.Dispose();
        _held.ForEach(pin => pin.Object?.Dispose());
    }

    private static DropMaps Open(DropPins pins, ILogger logger)
    {
        var config = DropPrograms.Config();
        var adopted = DropPrograms.ArePinned(pins, config);
        if (!adopted)
            DropPrograms.Create(pins, config);
        KernelLog.DropsCounted(logger, adopted ? "adopted" : "created");
        return new DropMaps(pins);
    }

    private static HashSet<uint> PinnedMaps(string pinRoot)
    {
        var ids = new HashSet<uint>();
        foreach (var path in Directory.GetDirectories(DevmapPins.Parent(pinRoot)).Select(f => new DevmapPins(f).Active).SelectMany(p => new[] { p, DevmapPins.Next(p) }).Where(File.Exists))
        {
            using var map = Pin.OpenMap(path, BpfConstants.BPF_F_RDONLY);
            ids.Add(BpfInfo.OfMap(map).id);
        }

        return ids;
    }
}
