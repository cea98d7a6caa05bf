namespace ControlPlane.EndToEndTests.Support;

/// <summary>How a resource was found or answered.</summary>
/// <param name="Spec">What is wanted of it, as a text of which equal ones mean equal.</param>
/// <param name="Revision">The revision of its last change.</param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="UpdatedAt">When it was last changed.</param>
internal sealed record ResourceVersion(string Spec, long Revision, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);
