using ControlPlane.Core.Attachments;
using ControlPlane.Core.Ports;

namespace ControlPlane.Core.State;

/// <summary>An attachment as wanted and as it stands.</summary>
/// <param name="Record">What is wanted.</param>
/// <param name="Link">The link, while it is alive.</param>
/// <param name="Failure">Why the kernel refuses it; null when it does not, or the interface does not exist.</param>
internal sealed record AttachmentStatus(AttachmentRecord Record, DevmapLink? Link, string? Failure);
