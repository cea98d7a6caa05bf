using System.Collections.Concurrent;
using ControlPlane.Core.Drops;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Host;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Devmaps;
using ControlPlane.Kernel.Layout;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Pins;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Kernel.Drops;

/// <summary>
/// Drop counters by programs on the kernel's XDP tracepoints. Without them the daemon lacks some of its answers and nothing
/// else, so a host that cannot do it is told of and lived with.
/// </summary>
internal sealed class LibbpfDropCounters : IDropCounters, IDisposable
{
    private const string Since = "5.13";

    private readonly ILogger _logger;
    private readonly DropMaps? _maps;

    /// <summary>The active map of each open devmap. Changed by the writer's thread alone.</summary>
    private readonly ConcurrentDictionary<string, uint> _mapIds = new(StringComparer.Ordinal);

    /// <summary>Adopts what this build has pinned for this network namespace; puts its own in the place of anything else of ours.</summary>
    public LibbpfDropCounters(string pinRoot, ILogger logger)
    {
        _logger = logger;
        string? reason = null;
        try
        {
            _maps = Open(DropPins.Of(pinRoot), logger);
            _maps.RemoveAllBut(PinnedMaps(pinRoot));
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

    /// <summary>Whether drops are counted, and if not, why.</summary>
    public KernelFeature Feature { get; }

    /// <summary>Has this devmap's drops counted under its name; its active map has this id.</summary>
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

    public RedirectErrorTotals ReadRedirectTotals(string devmap) =>
        _maps is not null && _mapIds.TryGetValue(devmap, out var id) ? _maps.ReadTotals(id) : default;

    public IReadOnlyList<RedirectErrorCount> ReadRedirectErrors(string devmap) =>
        _maps is not null && _mapIds.TryGetValue(devmap, out var id) ? [.. _maps.ReadRedirectErrors(id)] : [];

    public IReadOnlyList<TransmitDropCount> ReadTransmitDrops() => _maps is null ? [] : [.. _maps.ReadTransmitDrops()];

    public IReadOnlyList<XdpExceptionCount> ReadExceptions() => _maps is null ? [] : [.. _maps.ReadExceptions()];

    /// <summary>Closes descriptors; the programs go on counting.</summary>
    public void Dispose() => _maps?.Dispose();

    private static DropMaps Open(DropPins pins, ILogger logger)
    {
        var config = DropPrograms.Config();
        var adopted = pins.Hold(config);
        if (!adopted)
            DropPrograms.Create(pins, config);
        KernelLog.DropsCounted(logger, adopted ? "adopted" : "created");
        return new DropMaps(pins);
    }

    private static HashSet<uint> PinnedMaps(string pinRoot)
    {
        var ids = new HashSet<uint>();
        foreach (var path in Directory.GetDirectories(DevmapPins.Parent(pinRoot)).Select(f => new DevmapPins(f).Active).Where(File.Exists))
        {
            using var map = Pin.OpenMap(path, BpfConstants.BPF_F_RDONLY);
            ids.Add(BpfInfo.OfMap(map).id);
        }

        return ids;
    }
}
