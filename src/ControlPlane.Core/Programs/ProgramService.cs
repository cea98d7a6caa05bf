using ControlPlane.Core.Entries;
using ControlPlane.Core.Errors;

namespace ControlPlane.Core.Programs;

/// <summary>Egress programs: what both faces call.</summary>
public sealed class ProgramService
{
    /// <summary>All egress programs, in order of their names.</summary>
    public IReadOnlyList<ProgramView> List() => throw new NotImplementedException();

    /// <summary>One egress program.</summary>
    public ProgramView Get(string program) => throw new NotImplementedException();

    /// <summary>Loads the program as asked.</summary>
    public Task<PutOutcome<ProgramView>> PutAsync(string program, ProgramRequest request, Violations faults, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Removes the program; entries must not carry it.</summary>
    public Task DeleteAsync(string program, CancellationToken cancellationToken) => throw new NotImplementedException();
}
