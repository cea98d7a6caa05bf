using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.UnitTests.Core.Linearizability;

/// <summary>One call of a history.</summary>
/// <param name="Caller">Who called.</param>
/// <param name="Operation">The operation.</param>
/// <param name="Precondition">Under which condition.</param>
/// <param name="Begun">When it began, on a clock that counts beginnings and ends of all calls.</param>
/// <param name="Ended">When it was answered, on the same clock.</param>
/// <param name="Answer">The answer.</param>
internal sealed record Call(int Caller, Operation Operation, Precondition Precondition, long Begun, long Ended, Answer Answer)
{
    public override string ToString() => $"{Begun,4} - {Ended,4}  caller {Caller}: {Operation} {Precondition} -> {Answer}";
}

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
