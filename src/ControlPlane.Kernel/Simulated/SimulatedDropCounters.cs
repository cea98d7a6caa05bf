using System.Collections.Concurrent;
using ControlPlane.Core.Drops;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Host;
using ControlPlane.Core.Ports;

namespace ControlPlane.Kernel.Simulated;

/// <summary>Drops that never happened: counted is what a test adds, for tests of what makes sense of it.</summary>
public sealed class SimulatedDropCounters : IDropCounters
{
    private readonly ConcurrentDictionary<(string Devmap, uint Key, int Errno), RedirectErrorCount> _redirectErrors = new();
    private readonly ConcurrentDictionary<(uint From, uint To, int Errno), TransmitDropCount> _transmitDrops = new();
    private readonly ConcurrentDictionary<(uint Ifindex, uint ProgramId, uint Action), XdpExceptionCount> _exceptions = new();

    /// <inheritdoc/>
    public KernelFeature Feature { get; } = new(KernelFeatureNames.DropCounters, true, "5.13", null);

    /// <summary>Adds redirect errors to those of the same devmap, key and cause.</summary>
    public void Add(string devmap, RedirectErrorCount more) => _redirectErrors.AddOrUpdate(
        (devmap, more.KernelKey, more.Errno), more, (_, there) => more with { Packets = there.Packets + more.Packets });

    /// <summary>Adds drops on the way out to those of the same devices and cause.</summary>
    public void Add(TransmitDropCount more) => _transmitDrops.AddOrUpdate(
        (more.From, more.To, more.Errno), more, (_, there) => more with { Packets = there.Packets + more.Packets });

    /// <summary>Adds exceptions to those of the same device, program and action.</summary>
    public void Add(XdpExceptionCount more) => _exceptions.AddOrUpdate(
        (more.Ifindex, more.ProgramId, more.Action), more, (_, there) => more with { Packets = there.Packets + more.Packets });

    /// <inheritdoc/>
    public RedirectErrorTotals ReadRedirectTotals(string devmap)
    {
        RedirectErrorTotals sum = default;
        foreach (var error in ReadRedirectErrors(devmap))
        {
            sum = error.Errno switch
            {
                Errno.ENETDOWN => sum with { TargetDown = sum.TargetDown + error.Packets },
                Errno.EMSGSIZE => sum with { TooLong = sum.TooLong + error.Packets },
                Errno.EOPNOTSUPP => sum with { NotAccepted = sum.NotAccepted + error.Packets },
                _ => sum with { Other = sum.Other + error.Packets },
            };
        }

        return sum;
    }

    /// <inheritdoc/>
    public IReadOnlyList<RedirectErrorCount> ReadRedirectErrors(string devmap) =>
        [.. _redirectErrors.Where(e => e.Key.Devmap == devmap).OrderBy(e => e.Key).Select(e => e.Value)];

    /// <inheritdoc/>
    public IReadOnlyList<TransmitDropCount> ReadTransmitDrops() => [.. _transmitDrops.OrderBy(d => d.Key).Select(d => d.Value)];

    /// <inheritdoc/>
    public IReadOnlyList<XdpExceptionCount> ReadExceptions() => [.. _exceptions.OrderBy(e => e.Key).Select(e => e.Value)];
}
