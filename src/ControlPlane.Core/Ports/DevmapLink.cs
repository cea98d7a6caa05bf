using ControlPlane.Core.Attachments;

namespace ControlPlane.Core.Ports;

/// <summary>A pinned <c>bpf_link</c> of a redirect program.</summary>
/// <param name="Interface">The name it was made for, which is also its pin's name.</param>
/// <param name="Ifindex">The ifindex it is attached to; 0 when that device is gone and the link is dead.</param>
/// <param name="LinkId">The link's id.</param>
/// <param name="Mode">How it is attached; for a dead link, as far as is known.</param>
public sealed record DevmapLink(string Interface, uint Ifindex, uint LinkId, AttachMode Mode);
