using System.ComponentModel.DataAnnotations;
using ControlPlane.Core.Auditing;

namespace ControlPlane.Daemon.Options;

/// <summary>How the kernel is compared with what is wanted; see <see cref="AuditOptions"/>.</summary>
internal sealed class AuditSettings
{
    /// <summary>Time between two regular audits, up to a day; 0 for none.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00", ErrorMessage = "must be {1} to {2}")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether what others have changed is put right.</summary>
    public bool Repair { get; set; } = true;

    /// <summary>The settings in the core's terms.</summary>
    public AuditOptions ToAuditOptions() => new() { Interval = Interval, Repair = Repair };
}
