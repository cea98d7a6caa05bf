using ControlPlane.Core.Entries;
using ControlPlane.Core.Interfaces;

namespace ControlPlane.Core.Reading;

/// <summary>What an interface's own facts say about it as the target of redirects. They belong to the interface, not to the entries.</summary>
internal static class TargetConditions
{
    /// <summary>The conditions of a target. In generic mode the kernel does not ask for <c>NDO_XMIT</c>.</summary>
    /// <param name="target">The interface.</param>
    /// <param name="generic">Whether frames come only from redirect programs in generic mode.</param>
    public static IReadOnlyList<Condition> Of(InterfaceInfo target, bool generic) => [Up(target), Carrier(target), Accepts(target, generic)];

    private static Condition Up(InterfaceInfo target) => target.IsUp
        ? new(ConditionTypes.InterfaceUp, true, "Up", $"'{target.Name}' is up.")
        : new(
            ConditionTypes.InterfaceUp,
            false,
            "AdministrativelyDown",
            $"'{target.Name}' is administratively down; the kernel drops frames redirected to it (ENETDOWN).",
            $"ip link set dev {target.Name} up");

    private static Condition Carrier(InterfaceInfo target)
    {
        if (target.HasCarrier)
            return new(ConditionTypes.CarrierPresent, true, "CarrierPresent", $"'{target.Name}' has carrier.");
        if (!target.IsUp)
            return new(ConditionTypes.CarrierPresent, false, "AdministrativelyDown", $"'{target.Name}' has no carrier while it is down.", $"ip link set dev {target.Name} up");
        return target.Kind == "veth"
            ? new(
                ConditionTypes.CarrierPresent,
                false,
                "PeerDown",
                $"The peer of '{target.Name}' is down; frames sent to it are dropped (ENXIO).",
                "In the peer's network namespace: ip link set dev PEER up")
            : new(ConditionTypes.CarrierPresent, false, "NoCarrier", $"'{target.Name}' has no carrier.", "Check the cable, the switch port, or the lower device.");
    }

    private static Condition Accepts(InterfaceInfo target, bool generic)
    {
        const string Type = ConditionTypes.TargetAcceptsRedirect;
        if (generic)
            return new(Type, true, "GenericMode", "The redirect program runs in generic mode, in which every interface accepts redirected frames.");
        if (target.XdpFeatures is not { } features)
            return new(Type, true, "Unknown", "This kernel does not tell which interfaces accept redirected frames (it would from 6.3 on).");
        if (features.HasFlag(XdpFeatures.NdoXmit))
            return new(Type, true, "NdoXmit", $"'{target.Name}' accepts redirected frames.");
        return target.Kind == "veth"
            ? new(
                Type,
                false,
                "PeerWithoutXdp",
                $"The peer of '{target.Name}' has neither an XDP program nor GRO; '{target.Name}' refuses redirected frames (EOPNOTSUPP).",
                "In the peer's network namespace: ethtool -K PEER gro on")
            : new(
                Type,
                false,
                "NoNdoXmit",
                $"The driver of '{target.Name}' does not accept redirected frames as it is set up now (EOPNOTSUPP).",
                "Many drivers accept them once an XDP program is attached to the device itself; else attach the devmap in generic mode.");
    }
}
