namespace ControlPlane.Core.Reading;

/// <summary>One frame that is judged, in place of all that can come in.</summary>
/// <param name="Ingress">The interface it comes in by; null for any.</param>
/// <param name="Lengths">Its length in bytes, from the Ethernet header on, as it comes in and as the egress program lets it go; null when nothing is said of it.</param>
internal sealed record JudgedFrame(string? Ingress, (int In, int Out)? Lengths = null);
