namespace ControlPlane.Core.Model;

/// <summary>One checked fact about an entry.</summary>
/// <param name="Type">Which check, for instance <c>InterfaceUp</c>.</param>
/// <param name="Status">Whether the check passed.</param>
/// <param name="Reason">A stable CamelCase code for programs.</param>
/// <param name="Message">A sentence for people.</param>
/// <param name="Remedy">What would make it pass; a command to paste where one exists.</param>
public sealed record Condition(string Type, bool Status, string Reason, string Message, string? Remedy = null);

/// <summary>The types of <see cref="Condition"/>.</summary>
public static class ConditionTypes
{
    /// <summary>The interface that the key names exists.</summary>
    public const string KeyInterfacePresent = "KeyInterfacePresent";

    /// <summary>The egress interface exists.</summary>
    public const string InterfacePresent = "InterfacePresent";

    /// <summary>The kernel's map has the element as wanted.</summary>
    public const string InKernel = "InKernel";

    /// <summary>The egress interface is administratively up.</summary>
    public const string InterfaceUp = "InterfaceUp";

    /// <summary>The egress interface has carrier; for a veth, its peer is up.</summary>
    public const string CarrierPresent = "CarrierPresent";

    /// <summary>The egress interface accepts redirected frames (<c>NETDEV_XDP_ACT_NDO_XMIT</c>).</summary>
    public const string TargetAcceptsRedirect = "TargetAcceptsRedirect";

    /// <summary>The MTU of the target, and of a veth's peer, is not less than that of any interface by which frames come in.</summary>
    public const string MtuSufficient = "MtuSufficient";

    /// <summary>All entries for the device, over all devmaps, carry the same egress program.</summary>
    public const string EgressProgramAgrees = "EgressProgramAgrees";

    /// <summary>The egress program can work on frames of this device.</summary>
    public const string EgressProgramFits = "EgressProgramFits";

    /// <summary>Of an attachment: the redirect program runs on the interface.</summary>
    public const string Attached = "Attached";

    /// <summary>Of a devmap: its keys are spread over the buckets of the kernel's hash.</summary>
    public const string KeysSpread = "KeysSpread";

    /// <summary>The devmap's key selector can produce the key. Told only; the state does not follow from it.</summary>
    public const string KeyReachable = "KeyReachable";

    /// <summary>The egress program lets frames leave.</summary>
    public const string EgressProgramPasses = "EgressProgramPasses";

    /// <summary>The redirect program runs where frames with this key come in. Told only; the state does not follow from it.</summary>
    public const string IngressAttached = "IngressAttached";
}
