using ControlPlane.Core.Keys;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Explaining;

/// <summary>A question that has been understood.</summary>
/// <param name="Asked">The entry that was asked for by its key; null when a frame was described.</param>
/// <param name="Ingress">The only interface the frame can come in by; null for any.</param>
/// <param name="Vlan">The VLAN id of its tag; 0 for none.</param>
/// <param name="Destination">Its IPv4 destination; null for a frame of another protocol.</param>
/// <param name="Length">The length of its IP packet in bytes; null when none was given.</param>
internal sealed record FrameQuestion(PlacedEntry? Asked, string? Ingress, ushort Vlan, uint? Destination, int? Length)
{
    /// <summary>The key that was asked for.</summary>
    public EntryKey? Key => Asked?.Record.Key;
}
