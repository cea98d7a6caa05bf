using System.Collections.Concurrent;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.TestCommon.Lab;

/// <summary>Drop counters that count the redirect errors that a test adds.</summary>
public sealed class ScriptedDrops : IDropCounters
{
    private readonly ConcurrentDictionary<(string Devmap, uint Key, int Errno), RedirectErrorCount> _redirectErrors = new();

    public KernelFeature Feature { get; } = new(KernelFeatureNames.DropCounters, true, "5.13", null);

    /// <summary>Adds redirect errors to those of the same devmap, key and cause.</summary>
    public void Add(string devmap, RedirectErrorCount more) => _redirectErrors.AddOrUpdate(
        (devmap, more.KernelKey, more.Errno), more, (_, there) => more with { Packets = there.Packets + more.Packets });

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

    public IReadOnlyList<RedirectErrorCount> ReadRedirectErrors(string devmap) =>
        [.. _redirectErrors.Where(e => e.Key.Devmap == devmap).OrderBy(e => e.Key).Select(e => e.Value)];

    public IReadOnlyList<TransmitDropCount> ReadTransmitDrops() => [];

    public IReadOnlyList<XdpExceptionCount> ReadExceptions() => [];
}
