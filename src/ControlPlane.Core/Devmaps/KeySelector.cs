namespace ControlPlane.Core.Devmaps;

/// <summary>What the redirect program takes as the key of a frame. The values are those of <c>bpf/devmapd.h</c>.</summary>
public enum KeySelector
{
    /// <summary>The ifindex of the interface the frame came in by; text form is the interface's name.</summary>
    IngressInterface = 0,

    /// <summary>The outer VLAN id (0 if untagged); text form is the number.</summary>
    Vlan = 1,

    /// <summary>The IPv4 destination address in host byte order; text form is the dotted quad.</summary>
    Ipv4Destination = 2,
}
