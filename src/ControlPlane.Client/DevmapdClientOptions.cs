namespace ControlPlane.Client;

/// <summary>The options of a <see cref="DevmapdClient"/>.</summary>
public sealed record DevmapdClientOptions
{
    /// <summary>The secret of a token, which every call carries; null for none. Root needs none on the unix socket.</summary>
    public string? Token { get; init; }

    /// <summary>The deadline of every call but a watch, from its start; null for none. A call that waits for entries has as much longer as it waits. A call's own deadline takes precedence.</summary>
    public TimeSpan? Deadline { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The time before a broken watch connects again. It doubles with every failed attempt.</summary>
    public TimeSpan FirstReconnectDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest time before a broken watch connects again.</summary>
    public TimeSpan LongestReconnectDelay { get; init; } = TimeSpan.FromSeconds(5);
}
