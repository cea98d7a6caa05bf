namespace ControlPlane.Core.Attachments;

/// <summary>Where a devmap's redirect program is to run.</summary>
/// <param name="Devmap">The devmap.</param>
/// <param name="Interface">The name of the ingress interface.</param>
/// <param name="Mode">How it is attached.</param>
/// <param name="Revision">The revision of its last change.</param>
/// <param name="CreatedAt">When it was attached, or adopted.</param>
/// <param name="UpdatedAt">When it was last changed.</param>
public sealed record AttachmentRecord(
    string Devmap,
    string Interface,
    AttachMode Mode,
    long Revision,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt);
