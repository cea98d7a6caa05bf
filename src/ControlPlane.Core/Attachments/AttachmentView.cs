namespace ControlPlane.Core.Attachments;

/// <summary>An attachment as the API shows it.</summary>
/// <param name="Record">What is wanted.</param>
/// <param name="State">What is true.</param>
/// <param name="Ifindex">The interface's ifindex; null when it does not exist.</param>
/// <param name="LinkId">The id of the <c>bpf_link</c>, as <c>bpftool link</c> shows it; null when there is none.</param>
/// <param name="Message">Why it is not <see cref="AttachmentState.Attached"/>; null when it is.</param>
public sealed record AttachmentView(
    AttachmentRecord Record,
    AttachmentState State,
    uint? Ifindex,
    uint? LinkId,
    string? Message);
