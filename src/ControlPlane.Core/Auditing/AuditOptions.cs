namespace ControlPlane.Core.Auditing;

/// <summary>How the kernel is compared with what is wanted.</summary>
public sealed record AuditOptions
{
    /// <summary>Time between two audits of all devmaps; zero for none but those asked for.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether differences are put right where a request does not say.</summary>
    public bool Repair { get; init; } = true;
}
