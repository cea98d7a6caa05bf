using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using ControlPlane.Core.Errors;

namespace ControlPlane.Core.Model;

/// <summary>The desired state of a lease, as a write carries it.</summary>
/// <param name="Ttl">How long the lease lasts after it was written or kept alive: 1 second to 7 days, in whole milliseconds.</param>
/// <param name="Labels">Notes of the caller.</param>
/// <param name="Owner">Who manages the lease, by its own account; null for nobody.</param>
[method: JsonConstructor]
public sealed record LeaseSpec(TimeSpan Ttl, Labels Labels, [property: JsonPropertyOrder(1)] string? Owner)
{
    /// <summary>The caller's own notes.</summary>
    public Labels Labels { get; init; } = Labels ?? Labels.Empty;

    /// <summary>A spec without labels.</summary>
    public LeaseSpec(TimeSpan ttl, string? owner = null)
        : this(ttl, Labels.Empty, owner)
    {
    }
}

/// <summary>The desired state of one lease, with its identity: entries and attachments that name it end with it.</summary>
/// <param name="Name">The name.</param>
/// <param name="Spec">The desired state.</param>
/// <param name="Revision">The revision of the last change.</param>
/// <param name="CreateTime">When the lease was created.</param>
/// <param name="UpdateTime">When the lease was last changed.</param>
public sealed record LeaseRecord(string Name, LeaseSpec Spec, long Revision, DateTimeOffset CreateTime, DateTimeOffset UpdateTime) : IDesiredRecord;

/// <summary>The observed state of a lease.</summary>
/// <param name="ExpireTime">When the lease ends unless it is kept alive.</param>
/// <param name="Entries">How many entries name the lease, over all devmaps.</param>
/// <param name="Attachments">How many attachments name the lease, over all devmaps.</param>
public sealed record LeaseStatus(DateTimeOffset ExpireTime, int Entries, int Attachments);

/// <summary>A lease as the API shows it.</summary>
/// <param name="Name">The name.</param>
/// <param name="Revision">The revision of the last change.</param>
/// <param name="CreateTime">When the lease was created.</param>
/// <param name="UpdateTime">When the lease was last changed. Keeping it alive is no change.</param>
/// <param name="Spec">The desired state.</param>
/// <param name="Status">The observed state.</param>
public sealed record Lease(string Name, long Revision, DateTimeOffset CreateTime, DateTimeOffset UpdateTime, LeaseSpec Spec, LeaseStatus Status);

/// <summary>A lease that was kept alive.</summary>
/// <param name="Lease">The name.</param>
/// <param name="ExpireTime">When the lease ends unless it is kept alive again.</param>
public sealed record KeptLease(string Lease, DateTimeOffset ExpireTime);

/// <summary>The rule for names of leases.</summary>
public static partial class LeaseName
{
    /// <summary>The rule in words, for messages.</summary>
    public const string Rule = "must match [a-z0-9][a-z0-9._-]{0,62}";

    /// <summary>Whether the name keeps the rule.</summary>
    public static bool IsValid(string? name) => name is not null && Pattern().IsMatch(name);

    /// <summary>Adds a violation for the name of a lease that breaks the rule.</summary>
    /// <param name="lease">The name; null or empty for none.</param>
    /// <param name="violations">The violations found until now.</param>
    public static void Validate(string? lease, Violations violations)
    {
        if (!string.IsNullOrEmpty(lease) && !IsValid(lease) && !violations.Has("lease"))
            violations.Add("lease", Rule);
    }

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9._-]{0,62}\z")]
    private static partial Regex Pattern();
}

/// <summary>The rule for the times after which things end by themselves.</summary>
public static class LifeTime
{
    /// <summary>The shortest time.</summary>
    public static readonly TimeSpan Least = TimeSpan.FromSeconds(1);

    /// <summary>The longest time.</summary>
    public static readonly TimeSpan Most = TimeSpan.FromDays(7);

    /// <summary>The rule in words, for messages.</summary>
    public const string Rule = "must be 1s to 604800s, in whole milliseconds";

    /// <summary>Whether the time keeps the rule.</summary>
    public static bool IsValid(TimeSpan time) => time >= Least && time <= Most && time.Ticks % TimeSpan.TicksPerMillisecond == 0;
}
