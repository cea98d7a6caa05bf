using ControlPlane.Core.Errors;

namespace ControlPlane.UnitTests.Core.Linearizability;

/// <summary>The answer to a caller.</summary>
/// <param name="Error">The code of the error; null for success.</param>
/// <param name="IsCreated">Whether a put made something new.</param>
/// <param name="Revision">The revision of the resource, where the answer has one.</param>
/// <param name="Content">The resource as text, where the answer has one.</param>
/// <param name="IsCancelled">The caller took it back before the writer had begun.</param>
internal sealed record Answer(ErrorCode? Error = null, bool IsCreated = false, long? Revision = null, string? Content = null, bool IsCancelled = false)
{
    public override string ToString() =>
        IsCancelled ? "cancelled" : Error?.ToString() ?? $"ok{(IsCreated ? " created" : "")}{(Revision is null ? "" : $" @{Revision}")} {Content}";
}
