using ControlPlane.Core.Errors;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing;

/// <summary>What must be true of an egress program that entries are to carry.</summary>
internal static class EgressPrograms
{
    /// <summary>It exists, or none is asked for.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.ProgramNotFound"/>.</exception>
    public static void RequireExists(ControlPlaneState state, string? program)
    {
        if (program is null || state.Programs.ContainsKey(program))
            return;
        throw new ControlPlaneException(new Error(ErrorCode.ProgramNotFound, $"There is no egress program '{program}'.")
        {
            Fields = [new FieldViolation("egressProgram", $"no egress program '{program}'")],
            Resource = $"programs/{program}",
            Remedy = $"Create it first with PUT /v1/programs/{program}.",
        });
    }
}
