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
