namespace ControlPlane.TestCommon.Lab;

/// <summary>A VLAN tag of a frame.</summary>
/// <param name="Id">The VLAN id, 0 .. 4095.</param>
/// <param name="Protocol">The EtherType of the tag: <see cref="CustomerProtocol"/> or <see cref="ServiceProtocol"/>.</param>
/// <param name="Priority">The priority code point, 0 .. 7.</param>
public readonly record struct VlanTag(ushort Id, ushort Protocol = VlanTag.CustomerProtocol, byte Priority = 0)
{
    /// <summary>802.1Q.</summary>
    public const ushort CustomerProtocol = 0x8100;

    /// <summary>802.1ad.</summary>
    public const ushort ServiceProtocol = 0x88a8;

    /// <summary>An 802.1ad tag.</summary>
    public static VlanTag Service(ushort id) => new(id, ServiceProtocol);
}
