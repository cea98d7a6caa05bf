namespace ControlPlane.Core.Drops;

/// <summary>Frames that came in by the attachments of a devmap, were redirected to a device and did not leave it, for one cause.</summary>
/// <param name="Ifindex">The target.</param>
/// <param name="Interface">Its name; null when it is gone.</param>
/// <param name="Count">How many, and why.</param>
public sealed record TargetDrops(uint Ifindex, string? Interface, DropCount Count);
