using ControlPlane.Core.Explaining;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>A frame as it leaves.</summary>
internal sealed class LeavingFrameResource
{
    /// <summary>By which interface.</summary>
    /// <example>veth-b</example>
    public required string Interface { get; init; }

    /// <summary>Its length in bytes from the Ethernet header on.</summary>
    /// <example>1418</example>
    public required int Bytes { get; init; }

    /// <summary>The VLAN id of its outer tag; 0 for none.</summary>
    /// <example>100</example>
    public required int Vlan { get; init; }

    /// <summary>The source address the egress program set; null when it is that it came with.</summary>
    /// <example>02:00:00:00:00:01</example>
    public required string? SourceMac { get; init; }

    /// <summary>The destination address the egress program set; null when it is that it came with.</summary>
    /// <example>02:00:00:00:00:02</example>
    public required string? DestinationMac { get; init; }

    public static LeavingFrameResource From(LeavingFrame frame) => new()
    {
        Interface = frame.Interface,
        Bytes = frame.Bytes,
        Vlan = frame.Vlan,
        SourceMac = frame.SourceMac?.ToString(),
        DestinationMac = frame.DestinationMac?.ToString(),
    };
}
