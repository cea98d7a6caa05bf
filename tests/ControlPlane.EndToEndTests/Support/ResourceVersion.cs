namespace ControlPlane.EndToEndTests.Support;

/// <summary>A resource at one time: its spec and metadata.</summary>
/// <param name="Spec">The spec as text. Equal specs have equal text.</param>
/// <param name="Revision">The revision of its last change.</param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="UpdatedAt">When it was last changed.</param>
internal sealed record ResourceVersion(string Spec, long Revision, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);
