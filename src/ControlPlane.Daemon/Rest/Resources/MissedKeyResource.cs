using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>A key that frames had and the devmap lacked.</summary>
internal sealed class MissedKeyResource
{
    /// <summary>The key as it would be written for an entry.</summary>
    /// <example>eth0</example>
    public required string Key { get; init; }

    /// <summary>The key in the kernel.</summary>
    /// <example>2</example>
    public required uint KernelKey { get; init; }

    /// <summary>Frames with it: at least so many, for a key can lose its place in the sample to another.</summary>
    /// <example>7</example>
    public required ulong Packets { get; init; }

    /// <summary>When the last one missed (UTC).</summary>
    /// <example>2026-01-01T12:00:00Z</example>
    public required DateTime LastSeen { get; init; }

    public static MissedKeyResource From((string Key, MissedKey Missed) sample) => new()
    {
        Key = sample.Key,
        KernelKey = sample.Missed.KernelKey,
        Packets = sample.Missed.Packets,
        LastSeen = sample.Missed.LastSeen.UtcDateTime,
    };
}
