namespace ControlPlane.Core.Explaining;

/// <summary>The frame an explanation is about, as it was described and completed.</summary>
/// <param name="Ingress">The interface it comes in by; null for any that the redirect program runs on.</param>
/// <param name="Vlan">The VLAN id of its tag; 0 for none.</param>
/// <param name="Destination">Its IPv4 destination; null for a frame of another protocol.</param>
/// <param name="Length">The length of its IP packet, where it was given: MTUs are then compared with it, and else with all that can come in.</param>
/// <param name="Bytes">Its length in bytes from the Ethernet header on; that of a short one where no length was given.</param>
public sealed record ExplainedFrame(string? Ingress, ushort Vlan, string? Destination, int? Length, int Bytes);
