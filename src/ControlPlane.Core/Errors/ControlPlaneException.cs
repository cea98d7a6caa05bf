namespace ControlPlane.Core.Errors;

/// <summary>Carries an <see cref="Errors.Error"/> to the face that renders it.</summary>
public sealed class ControlPlaneException(Error error, Exception? inner = null) : Exception(error.Detail, inner)
{
    /// <summary>Creates the exception from a code and a sentence.</summary>
    public ControlPlaneException(ErrorCode code, string detail) : this(new Error(code, detail)) { }

    /// <summary>What went wrong.</summary>
    public Error Error { get; } = error;
}
