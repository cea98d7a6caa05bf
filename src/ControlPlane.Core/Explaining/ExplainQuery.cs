namespace ControlPlane.Core.Explaining;

/// <summary>What is asked: what becomes of a frame with this key, or of this frame. What is null was not said.</summary>
/// <param name="Key">A key in any of its text forms; null when a frame is described instead.</param>
/// <param name="Ingress">The name of the interface the frame comes in by; any that can bring such a frame, unless told.</param>
/// <param name="Vlan">The VLAN id of its tag, 0 .. 4095; 0 for an untagged frame, as when nothing is said.</param>
/// <param name="Destination">Its IPv4 destination; a frame of another protocol unless told.</param>
/// <param name="Length">The length of its IP packet in bytes, as an MTU counts, 28 .. 65535.</param>
public sealed record ExplainQuery(string? Key = null, string? Ingress = null, long? Vlan = null, string? Destination = null, long? Length = null);
