using ControlPlane.Core.Explaining;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>The frame an explanation is about.</summary>
internal sealed class ExplainedFrameResource
{
    /// <summary>The interface it comes in by; null for any that the redirect program runs on.</summary>
    /// <example>veth-a</example>
    public required string? Ingress { get; init; }

    /// <summary>The VLAN id of its tag; 0 for none.</summary>
    /// <example>100</example>
    public required int Vlan { get; init; }

    /// <summary>Its IPv4 destination; null for a frame of another protocol.</summary>
    /// <example>10.0.0.7</example>
    public required string? Dst { get; init; }

    /// <summary>The length of its IP packet in bytes; null when none was given.</summary>
    /// <example>1400</example>
    public required int? Length { get; init; }

    /// <summary>Its length in bytes from the Ethernet header on; that of a short frame when no length was given.</summary>
    /// <example>1418</example>
    public required int Bytes { get; init; }

    public static ExplainedFrameResource From(ExplainedFrame frame) => new()
    {
        Ingress = frame.Ingress,
        Vlan = frame.Vlan,
        Dst = frame.Destination,
        Length = frame.Length,
        Bytes = frame.Bytes,
    };
}
