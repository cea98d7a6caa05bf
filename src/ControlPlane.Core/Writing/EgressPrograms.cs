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
        if (program is not null && !state.Programs.ContainsKey(program))
            throw new ControlPlaneException(ProgramErrors.Missing(program));
    }
}
