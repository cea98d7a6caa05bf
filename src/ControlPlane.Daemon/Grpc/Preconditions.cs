using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Grpc;

/// <summary>Reads <c>expected_revision</c>.</summary>
internal static class Preconditions
{
    /// <summary>The precondition: absent for none, 0 for a resource that must not exist, else the revision it must have.</summary>
    public static Precondition Of(long? expectedRevision, Violations faults)
    {
        if (expectedRevision < 0)
            faults.Add("expectedRevision", "must be the revision of a read, or 0 for a resource that must not exist");
        return expectedRevision switch
        {
            null => default,
            0 => new Precondition(MustNotExist: true),
            _ => new Precondition(expectedRevision),
        };
    }
}
