namespace ControlPlane.Core.Errors;

/// <summary>A failed request, as REST and gRPC render it.</summary>
/// <param name="Code">Which failure of the catalogue.</param>
/// <param name="Detail">This occurrence in a sentence, with the names that matter.</param>
public sealed record Error(ErrorCode Code, string Detail)
{
    /// <summary>The wrong fields, in camelCase JSON paths; empty when no field is to blame.</summary>
    public IReadOnlyList<FieldViolation> Fields { get; init; } = [];

    /// <summary>The kernel's errno (positive), where the kernel refused.</summary>
    public int? Errno { get; init; }

    /// <summary>The way out for the caller.</summary>
    public Remedy? Remedy { get; init; }

    /// <summary>
    /// Whether the error is about the resource that the request addresses. An interface that does not exist is then 404 and NOT_FOUND,
    /// otherwise 422 and FAILED_PRECONDITION. A resource that exists already is then 409, otherwise a precondition failed, which is 412.
    /// </summary>
    public bool IsAddressed { get; init; }

    /// <summary>The resource concerned, for instance <c>devmaps/default/entries/veth1</c>.</summary>
    public string? Resource { get; init; }

    /// <summary>When it makes sense to try again.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The kernel verifier's whole log, when a program failed to load.</summary>
    public string? VerifierLog { get; init; }
}

/// <summary>One wrong field of a request.</summary>
/// <param name="Field">Where: the JSON path in camelCase, for instance <c>parameters.vlanId</c> or <c>key</c>.</param>
/// <param name="Message">The rule that the value breaks.</param>
public sealed record FieldViolation(string Field, string Message);

/// <summary>Carries an <see cref="Errors.Error"/> to the API that renders it.</summary>
public sealed class ControlPlaneException(Error error, Exception? inner = null) : Exception(error.Detail, inner)
{
    /// <summary>The error.</summary>
    public Error Error { get; } = error;
}
