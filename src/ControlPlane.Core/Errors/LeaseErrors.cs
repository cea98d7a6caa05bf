namespace ControlPlane.Core.Errors;

/// <summary>The errors about leases.</summary>
public static class LeaseErrors
{
    /// <summary>The lease that the request addresses does not exist, or has ended.</summary>
    public static Error NotFound(string lease) => new(ErrorCode.LeaseNotFound, Absent(lease))
    {
        Resource = $"leases/{lease}",
        Remedy = new Remedy("Make the lease again, then the entries and attachments that end with it. The list shows the leases.", Calls.ListLeases()),
    };

    /// <summary>The lease that a field names does not exist, or has ended.</summary>
    public static Error Missing(string lease) => new(ErrorCode.LeaseNotFound, Absent(lease))
    {
        Fields = [new FieldViolation("lease", $"no lease '{lease}'")],
        Resource = $"leases/{lease}",
        Remedy = new Remedy("Make the lease first, for instance one of 30 seconds, and keep it alive.", Calls.PutLease(lease, "30s")),
    };

    private static string Absent(string lease) => $"There is no lease '{lease}', or its time is over.";
}
