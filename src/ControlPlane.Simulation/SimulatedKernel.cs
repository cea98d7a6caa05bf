using System.Runtime.InteropServices;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Simulation;

/// <summary>A kernel that needs no privileges and moves no frames, for tests of the layers above and for authors of SDKs.</summary>
public sealed class SimulatedKernel(SimulatedHost host) : IKernel, IInterfaces
{
    /// <inheritdoc/>
    public HostFacts Host { get; } = new(
        "simulated",
        RuntimeInformation.OSArchitecture.ToString(),
        LibbpfVersion: null,
        Simulated: true,
        [
            new(KernelFeatureNames.DevmapHash, true, "5.4", null),
            new(KernelFeatureNames.EgressPrograms, true, "5.8", null),
            new(KernelFeatureNames.XdpLink, true, "5.9", null),
            new(KernelFeatureNames.Broadcast, false, "5.14", "not simulated"),
            new(KernelFeatureNames.Frags, false, "5.18", "not simulated"),
            new(KernelFeatureNames.LiveFrames, true, "5.18", null),
            new(KernelFeatureNames.XdpFeatures, host.ReportsXdpFeatures, "6.3", host.ReportsXdpFeatures ? null : "not simulated"),
            new(KernelFeatureNames.Tcx, true, "6.6", null),
            new(KernelFeatureNames.RedirectPeer, false, "5.10", "not simulated"),
            new(KernelFeatureNames.PeerOffloads, true, "6.2", null),
            new(KernelFeatureNames.RawTracepoints, false, "4.17", "not simulated"),
            new(KernelFeatureNames.TimedConfirmation, true, "5.15", null),
            new(KernelFeatureNames.RevertByDrops, false, "5.15", "not simulated"),
            host.Drops.Feature,
        ]);

    /// <inheritdoc/>
    public IInterfaces Interfaces => this;

    /// <inheritdoc/>
    public IEgressPrograms Programs { get; } = new SimulatedEgressPrograms(host);

    /// <inheritdoc/>
    public IActionDryRun Actions { get; } = new SimulatedActions();

    /// <inheritdoc/>
    public IPassPrograms PassPrograms { get; } = new SimulatedPassPrograms(host);

    /// <inheritdoc/>
    public IDropCounters Drops => host.Drops;

    /// <inheritdoc/>
    public ILiveFrames LiveFrames { get; } = new SimulatedLiveFrames(host);

    /// <inheritdoc/>
    InterfaceTable IInterfaces.Current => host.Reported();

    /// <inheritdoc/>
    public IDevmap OpenDevmap(WriterScope scope, DevmapRecord definition, long committed = 0)
    {
        scope.Demand();
        lock (host.Lock)
        {
            var adopted = host.Devmaps.TryGetValue(definition.Name, out var map);
            InterruptedSwitch? interrupted = null;
            if (adopted)
            {
                interrupted = map!.TakeBack(host);
                if (interrupted is null && map.Other is not null && !map.IsSwitched && map.OtherRevision > 0 && map.OtherRevision <= committed)
                    map.Switch();
                map.Release();
                var differences = new DevmapDifferences();
                differences.Compare(map.Definition.Spec, definition.Spec);
                differences.ThrowIfAny(definition.Name, $"simulated:devmaps/{definition.Name}");
                if (!definition.Spec.HasSameObjects(map.Definition.Spec))
                    Redefine(map, definition);
            }
            else
            {
                host.Devmaps[definition.Name] = map = new SimulatedMap(definition, host.NextId(), host.NextId(), host.NextId(), host.NextId());
            }

            return new SimulatedDevmap(host, map!, adopted) { Interrupted = interrupted };
        }
    }

    /// <inheritdoc/>
    public IDevmap ChangeDevmap(WriterScope scope, IDevmap devmap, DevmapRecord definition)
    {
        scope.Demand();
        lock (host.Lock)
        {
            var map = host.Devmaps[definition.Name];
            Redefine(map, definition);
            return new SimulatedDevmap(host, map, devmap.Adopted);
        }
    }

    /// <inheritdoc/>
    public bool RemoveDevmap(WriterScope scope, string devmap)
    {
        scope.Demand();
        SimulatedMap? map;
        lock (host.Lock)
        {
            if (!host.Devmaps.Remove(devmap, out map))
                return false;
            foreach (var link in map.Links.Values.Where(l => l.Mode != AttachMode.Tcx))
                host.DetachXdp(link.Ifindex);
        }

        foreach (var link in map.Links.Values)
            host.NotifyFeatures(link.Ifindex);
        return true;
    }

    /// <inheritdoc/>
    public IReadOnlyList<DevmapRecord> FindDevmaps(WriterScope scope)
    {
        scope.Demand();
        lock (host.Lock)
            return [.. host.Devmaps.Values.Select(m => m.Definition).OrderBy(d => d.Name, StringComparer.Ordinal)];
    }

    // Each link gets the program of its interface and mode in one step.
    private void Redefine(SimulatedMap map, DevmapRecord definition)
    {
        map.Redefine(definition, host.NextId);
        foreach (var link in map.Links.Values.Where(l => l.Ifindex != 0).ToList())
        {
            if (host.Interfaces.Find(link.Ifindex) is not { } ingress)
                continue;
            map.Links[link.Interface] = link with { ProgramId = map.ProgramFor(ingress, link.Mode) };
            if (link.Mode != AttachMode.Tcx)
                host.ReplaceXdp(link.Ifindex, map.Links[link.Interface].ProgramId);
        }
    }

    /// <inheritdoc/>
    InterfaceTable IInterfaces.Refresh() => host.Reported();

    /// <inheritdoc/>
    void IInterfaces.Invalidate(uint ifindex)
    {
    }

    /// <inheritdoc/>
    InterfaceInfo? IInterfaces.Query(string name) => host.Reported(host.Interfaces.Find(name));

    /// <inheritdoc/>
    InterfaceInfo? IInterfaces.Query(uint ifindex) => host.Reported(host.Interfaces.Find(ifindex));

    /// <inheritdoc/>
    void IInterfaces.SetPromiscuous(WriterScope scope, uint ifindex, bool promiscuous)
    {
        scope.Demand();
        host.SetPromiscuous(ifindex, promiscuous);
    }

    /// <inheritdoc/>
    IDisposable IInterfaces.Watch(Action<LinkChanges> onChange) => host.Watch(onChange);

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}

/// <summary>The drop counters of a simulated host. All counts are zero, because no frame moves.</summary>
internal sealed class SimulatedDropCounters : IDropCounters
{
    public KernelFeature Feature { get; } = new(KernelFeatureNames.DropCounters, true, "5.13", null);

    public RedirectErrorTotals ReadRedirectTotals(string devmap) => default;

    public IReadOnlyList<RedirectErrorCount> ReadRedirectErrors(string devmap) => [];

    public IReadOnlyList<TransmitDropCount> ReadTransmitDrops() => [];

    public IReadOnlyList<XdpExceptionCount> ReadExceptions() => [];
}
