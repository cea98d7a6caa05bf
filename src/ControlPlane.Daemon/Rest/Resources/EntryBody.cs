using ControlPlane.Core.Api;
using ControlPlane.Daemon.Rest.Reading;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>What an entry is to be. What is left out is taken away from an entry that had it.</summary>
internal sealed class EntryBody
{
    /// <summary>The name of the egress interface, 1 to 15 bytes.</summary>
    /// <example>lo</example>
    public required string Interface { get; init; }

    /// <summary>
    /// The egress program that is to run on each frame as it leaves; null for none. All entries for one device carry the same.
    /// </summary>
    /// <example>null</example>
    public string? EgressProgram { get; init; }

    /// <summary>Your own notes; the daemon keeps them and can filter by them.</summary>
    /// <example>{"owner": "walk-through"}</example>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Accept interfaces that do not exist yet: the entry is `Pending` until they do. False when left out.</summary>
    /// <example>false</example>
    public bool? AllowPending { get; init; }

    public static EntryRequest Read(JsonFields body) => new(
        body.Text("interface"),
        body.Text("egressProgram"),
        body.Texts("labels"),
        body.Flag("allowPending") ?? false);
}
