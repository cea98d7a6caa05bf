namespace ControlPlane.Core.Errors;

/// <summary>
/// Collects the validation errors of one request, so that the answer names them all at once. REST and gRPC add what they find while it
/// reads the request and hands the collector to the service, which adds its own and throws.
/// </summary>
public sealed class Violations
{
    private readonly List<FieldViolation> _found = [];

    /// <summary>The violations found until now, in the order they were found.</summary>
    public IReadOnlyList<FieldViolation> Found => _found;

    /// <summary>Adds a violation.</summary>
    public void Add(string field, string message) => _found.Add(new FieldViolation(field, message));

    /// <summary>
    /// Whether this field is already known to be wrong, or what it stands in (<c>parameters</c> of <c>parameters.vlanId</c>, or
    /// the whole <c>body</c>): then nothing can be said of it.
    /// </summary>
    public bool Has(string field) => _found.Exists(v =>
        v.Field is "body" || v.Field == field || (field.StartsWith(v.Field, StringComparison.Ordinal) && field[v.Field.Length] == '.'));

    /// <summary>Throws <see cref="ErrorCode.InvalidArgument"/> with all violations, if there are any.</summary>
    public void ThrowIfAny()
    {
        if (_found.Count > 0)
            throw new ControlPlaneException(RequestErrors.Invalid([.. _found]));
    }
}
