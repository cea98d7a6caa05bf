namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>An entry of a devmap: frames with this key leave by this interface.</summary>
internal sealed class EntryResource
{
    /// <summary>The devmap it is in.</summary>
    /// <example>default</example>
    public required string Devmap { get; init; }

    /// <summary>Its key, in the canonical text form of the devmap's key selector.</summary>
    /// <example>lo</example>
    public required string Key { get; init; }

    /// <summary>The key in the kernel's map; null while the key names an interface that does not exist.</summary>
    /// <example>1</example>
    public required uint? KernelKey { get; init; }

    /// <summary>The name of the egress interface.</summary>
    /// <example>lo</example>
    public required string? Interface { get; init; }

    /// <summary>The egress program that runs on each frame as it leaves; null for none.</summary>
    /// <example>to-router-1</example>
    public required string? EgressProgram { get; init; }

    /// <summary>The caller's own notes; the daemon keeps them and can filter by them.</summary>
    /// <example>{"owner": "walk-through"}</example>
    public required IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>The revision of the entry's last change; null for an unmanaged entry.</summary>
    /// <example>42</example>
    public required long? Revision { get; init; }

    /// <summary>When it was created (UTC).</summary>
    /// <example>2026-01-01T12:00:00Z</example>
    public required DateTime? CreatedAt { get; init; }

    /// <summary>When it was last changed (UTC).</summary>
    /// <example>2026-01-01T12:00:00Z</example>
    public required DateTime? UpdatedAt { get; init; }

    /// <summary>What is true of it at the moment of the answer.</summary>
    public required EntryStatusResource Status { get; init; }

    public static EntryResource From(ControlPlane.Core.Model.Entry view) => From(view, new ConditionResources());

    public static EntryResource From(ControlPlane.Core.Model.Entry view, ConditionResources conditions) => new()
    {
        Devmap = view.Devmap,
        Key = view.Key,
        KernelKey = view.Status.KernelKey,
        Interface = view.Spec?.Interface,
        EgressProgram = view.Spec?.EgressProgram,
        Labels = view.Spec?.Labels,
        Revision = view.Revision,
        CreatedAt = view.CreateTime?.UtcDateTime,
        UpdatedAt = view.UpdateTime?.UtcDateTime,
        Status = EntryStatusResource.From(view.Status, conditions),
    };
}
