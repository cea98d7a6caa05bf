using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Simulation;

/// <summary>The drop counters of a simulated host. All counts are zero, because no frame moves.</summary>
internal sealed class SimulatedDropCounters : IDropCounters
{
    public KernelFeature Feature { get; } = new(KernelFeatureNames.DropCounters, true, "5.13", null);

    public RedirectErrorTotals ReadRedirectTotals(string devmap) => default;

    public IReadOnlyList<RedirectErrorCount> ReadRedirectErrors(string devmap) => [];

    public IReadOnlyList<TransmitDropCount> ReadTransmitDrops() => [];

    public IReadOnlyList<XdpExceptionCount> ReadExceptions() => [];
}
