using ControlPlane.Core.Model;

namespace ControlPlane.Core.Explaining;

/// <summary>Says in words which way a frame in tcx mode takes: through the target, or to its peer directly.</summary>
internal static class EgressPath
{
    /// <summary>Returns the condition, which always holds: both ways deliver the frame.</summary>
    public static Condition Of(PeerUse use, InterfaceInfo target)
    {
        var name = target.Name;
        var (reason, why) = use switch
        {
            PeerUse.Used => ("PeerDirectly", ""),
            PeerUse.NoEntry => ("NoElement", "the kernel has no element for the key"),
            PeerUse.NotVeth => ("NoPeer", $"'{name}' is no veth"),
            PeerUse.Unseen => ("PeerNotSeen", "the redirect program does not find the peer"),
            PeerUse.SameNamespace => ("PeerInSameNamespace", "the peer is in the same network namespace"),
            PeerUse.Down => ("Down", $"'{name}' or its peer is down"),
            PeerUse.Qdisc => ("QdiscAtEgress", $"'{name}' has a queueing discipline, which would be skipped"),
            PeerUse.EgressProgram => ("ProgramAtEgress", $"a tcx program or a clsact qdisc is at the egress of '{name}', which would be skipped"),
            PeerUse.Listener => ("ListenerAtEgress", $"a packet socket, such as that of tcpdump, shows what '{name}' sends"),
            PeerUse.Xdp => ("PeerHasXdp", "the peer has a native XDP program, which would be skipped"),
            PeerUse.Off => ("PeerRedirectOff", "redirectPeer of the devmap is off"),
            PeerUse.NotSupported => ("PeerRedirectNotSupported", "the host does not show the redirect program what is at the egress of a target: it needs Linux 6.6 with BTF"),
            _ => throw new ArgumentOutOfRangeException(nameof(use), use, null),
        };
        return ConditionTypes.EgressPath.True(
            reason,
            use == PeerUse.Used
                ? $"In tcx mode a frame with the address of the peer of '{name}' goes to the peer directly; another one goes through '{name}'. The counters of '{name}' show only the latter."
                : $"In tcx mode the frame goes through '{name}', and not to its peer directly: {why}.");
    }
}
