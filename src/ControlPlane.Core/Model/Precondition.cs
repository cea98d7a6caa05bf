using ControlPlane.Core.Errors;

namespace ControlPlane.Core.Model;

/// <summary>The condition on a resource for a write to happen; checked by the writer, between all other writes.</summary>
/// <param name="Revision">The revision the resource must have; null for any.</param>
/// <param name="MustExist">The resource must be there, whatever its revision (<c>If-Match: *</c>).</param>
/// <param name="MustNotExist">The resource must not be there (<c>If-None-Match: *</c>).</param>
public readonly record struct Precondition(long? Revision = null, bool MustExist = false, bool MustNotExist = false)
{
    /// <summary>The revisions of which the resource must have one; null for any. An empty list never holds.</summary>
    public IReadOnlyList<long>? Revisions { get; init; }

    /// <summary>Throws unless the condition holds for a resource at this revision; null when there is none.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.AlreadyExists"/> or <see cref="ErrorCode.RevisionMismatch"/>.</exception>
    public void Require(string resource, long? current)
    {
        if (MustNotExist && current is { } existing)
            throw new ControlPlaneException(RequestErrors.AlreadyExists(resource, existing));
        var differs = (Revision is not null && Revision != current)
            || (Revisions is not null && (current is not { } now || !Revisions.Contains(now)));
        if ((MustExist && current is null) || differs)
            throw new ControlPlaneException(RequestErrors.RevisionMismatch(resource, current, Revision is { } one ? [one] : Revisions));
    }
}
