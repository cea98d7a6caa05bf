namespace ControlPlane.Core.Programs;

/// <summary>The egress programs one can instantiate. The values are those of <c>bpf/devmapd.h</c>.</summary>
public enum EgressTemplate
{
    /// <summary>Counts frames and lets them leave.</summary>
    Count = 0,

    /// <summary>Drops every frame.</summary>
    Drop = 1,

    /// <summary>Sets the Ethernet source and destination address.</summary>
    RewriteMac = 2,

    /// <summary>Pushes an 802.1Q tag.</summary>
    PushVlan = 3,

    /// <summary>Removes the outer 802.1Q or 802.1ad tag; untagged frames leave as they are.</summary>
    PopVlan = 4,
}
