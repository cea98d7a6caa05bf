using ControlPlane.Core.Model;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Status;

/// <summary>Says when the facts behind conditions changed. The times belong to interfaces; entries that share a target share them.</summary>
internal static class TransitionTimes
{
    /// <summary>Returns the conditions of a target with their times. A fact of the moment has none.</summary>
    /// <param name="conditions">The conditions.</param>
    /// <param name="times">The times of the interfaces' facts.</param>
    /// <param name="target">The target.</param>
    /// <param name="peer">The other end of a veth, if it is in the same network namespace.</param>
    /// <param name="ingress">The ingress interface whose MTU counts; null for none.</param>
    /// <param name="pass">The pass program for the target; null for none.</param>
    public static IReadOnlyList<Condition> Stamp(
        IReadOnlyList<Condition> conditions, FactTimes times, InterfaceInfo target, InterfaceInfo? peer, InterfaceInfo? ingress, PlacedPassProgram? pass)
    {
        var seen = times.Of(target.Name, target);
        return [.. conditions.Select(c => c with { LastTransitionTime = TimeOf(c.Type) })];

        DateTimeOffset? TimeOf(ConditionType type)
        {
            if (type == ConditionTypes.InterfaceUp)
                return seen.Up;
            if (type == ConditionTypes.CarriesEthernet)
                return seen.Present;
            if (type == ConditionTypes.CarrierPresent)
                return seen.Carrier;
            if (type == ConditionTypes.TargetAcceptsRedirect)
                return target.XdpFeatures is not null ? seen.Xdp : Latest(seen.Xdp, peer is null ? null : times.Of(peer.Name, peer).Program, pass?.Since);
            return type == ConditionTypes.MtuSufficient ? Latest(seen.Mtu, MtuOf(peer), MtuOf(ingress)) : null;
        }

        DateTimeOffset? MtuOf(InterfaceInfo? info) => info is null ? null : times.Of(info.Name, info).Mtu;
    }

    /// <summary>Returns when the offloads of ingress interfaces and their peers last changed.</summary>
    public static DateTimeOffset OfOffloads(FactTimes times, params ReadOnlySpan<IngressLink?> ways)
    {
        var latest = times.Start;
        foreach (var way in ways)
        {
            foreach (var info in (ReadOnlySpan<InterfaceInfo?>)[way?.Interface, way?.Peer])
                latest = info is null ? latest : Latest(latest, times.Of(info.Name, info).Offloads);
        }

        return latest;
    }

    /// <summary>Returns the latest of some times.</summary>
    public static DateTimeOffset Latest(DateTimeOffset first, params ReadOnlySpan<DateTimeOffset?> others)
    {
        foreach (var other in others)
            first = other > first ? other.Value : first;
        return first;
    }
}
