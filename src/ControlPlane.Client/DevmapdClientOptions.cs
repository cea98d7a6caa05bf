using System.Security.Cryptography.X509Certificates;

namespace ControlPlane.Client;

/// <summary>The options of a <see cref="DevmapdClient"/>.</summary>
public sealed record DevmapdClientOptions
{
    /// <summary>The secret of a token, which every call carries; null for none. Root needs none on the unix socket.</summary>
    public string? Token { get; init; }

    /// <summary>The certificate with its key by which the client shows who it is, over <c>https</c>; null for none.</summary>
    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>The authorities that the daemon's certificate must come from, over <c>https</c>; null for those of the host.</summary>
    public X509Certificate2Collection? ServerAuthorities { get; init; }

    /// <summary>
    /// The deadline of every call but the streams, from its start and over all retries; null for none. A call that waits for entries has as much
    /// longer as it waits. A call's own deadline takes precedence.
    /// </summary>
    public TimeSpan? Deadline { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a call is made at most, the first time included; 1 for no retries. See <see cref="RetryRules"/>.</summary>
    public int MaxAttempts { get; init; } = 4;

    /// <summary>The time before the first retry and before a broken watch connects again. It doubles with every failed attempt.</summary>
    public TimeSpan FirstReconnectDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest time before a retry, and before a broken watch connects again.</summary>
    public TimeSpan LongestReconnectDelay { get; init; } = TimeSpan.FromSeconds(5);
}
