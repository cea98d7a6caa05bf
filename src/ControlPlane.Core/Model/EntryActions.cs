namespace ControlPlane.Core.Model;

/// <summary>
/// Changes that the redirect program makes to a frame of an entry before the frame leaves, in every attach mode. At most one of
/// <c>setVlan</c>, <c>pushVlan</c> and <c>popVlan</c> is set.
/// </summary>
/// <param name="SourceMac">The source address that the frame gets; null keeps it.</param>
/// <param name="DestinationMac">The destination address that the frame gets; null keeps it.</param>
/// <param name="SetVlan">The VLAN id, 1 .. 4094, that the outer tag gets; its priority stays. A frame without a tag is dropped. Null keeps it.</param>
/// <param name="PushVlan">The VLAN id, 1 .. 4094, of an 802.1Q tag that the frame gets as its outer one, with the priority of the tag it had; null for none.</param>
/// <param name="PopVlan">Whether the outer tag is taken away. A frame without a tag is dropped.</param>
/// <param name="DecrementTtl">Whether the TTL or hop limit is lowered by one. A packet whose last hop this would be goes to the network stack.</param>
public sealed record EntryActions(
    MacAddress? SourceMac = null,
    MacAddress? DestinationMac = null,
    ushort? SetVlan = null,
    ushort? PushVlan = null,
    bool PopVlan = false,
    bool DecrementTtl = false);

/// <summary>The frames of one key that actions did not let go on. The counts belong to the key and outlive the entry.</summary>
/// <param name="KernelKey">The key.</param>
/// <param name="Failed">Frames that were dropped because an action could not be applied.</param>
/// <param name="Expired">Packets whose TTL or hop limit ran out; they went to the network stack.</param>
/// <param name="LastFailed">When the last frame was dropped, to some milliseconds; the epoch if none was.</param>
public sealed record ActionCount(uint KernelKey, ulong Failed, ulong Expired, DateTimeOffset LastFailed);

/// <summary>The fate of a frame under actions.</summary>
public enum ActionOutcome
{
    /// <summary>The frame goes on, as it is now.</summary>
    Applied,

    /// <summary>An action cannot be applied: the frame is dropped.</summary>
    Failed,

    /// <summary>The TTL or hop limit ran out: the packet goes to the network stack as it came.</summary>
    Expired,
}

/// <summary>The result of actions on one frame.</summary>
/// <param name="Outcome">The fate of the frame.</param>
/// <param name="Frame">The frame afterwards, its outer tag in it.</param>
public sealed record ActionVerdict(ActionOutcome Outcome, ReadOnlyMemory<byte> Frame);
