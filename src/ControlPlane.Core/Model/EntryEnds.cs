using ControlPlane.Core.Errors;

namespace ControlPlane.Core.Model;

/// <summary>The fate of an entry when its egress interface is removed from the host.</summary>
public enum OnInterfaceGone
{
    /// <summary>The entry stays, and is Pending until an interface of the name exists.</summary>
    Keep,

    /// <summary>The entry is deleted at once.</summary>
    Delete,

    /// <summary>The entry is deleted if no interface of the name has come back within a time.</summary>
    DeleteAfter,
}

/// <summary>The rules for entries that end when their interface does.</summary>
public static class InterfaceGoneRules
{
    /// <summary>Returns the word of the API.</summary>
    public static string ToText(this OnInterfaceGone onGone) => onGone switch
    {
        OnInterfaceGone.Keep => "keep",
        OnInterfaceGone.Delete => "delete",
        OnInterfaceGone.DeleteAfter => "deleteAfter",
        _ => throw new ArgumentOutOfRangeException(nameof(onGone), onGone, "is not known"),
    };

    /// <summary>Adds a violation if the time does not fit.</summary>
    public static void Validate(OnInterfaceGone onGone, TimeSpan? deleteAfter, Violations violations)
    {
        if (violations.Has("deleteAfter") || violations.Has("onInterfaceGone"))
            return;
        if (onGone != OnInterfaceGone.DeleteAfter && deleteAfter is not null)
            violations.Add("deleteAfter", "must be omitted unless onInterfaceGone is deleteAfter");
        else if (onGone == OnInterfaceGone.DeleteAfter && deleteAfter is null)
            violations.Add("deleteAfter", $"is required if onInterfaceGone is deleteAfter, and {LifeTime.Rule}");
        else if (deleteAfter is { } time && !LifeTime.IsValid(time))
            violations.Add("deleteAfter", LifeTime.Rule);
    }
}

/// <summary>The ways in which an entry ends by itself.</summary>
/// <param name="Lease">The lease that the entry ends with; null for none.</param>
/// <param name="OnInterfaceGone">The fate of the entry when its interface is removed.</param>
/// <param name="DeleteAfter">How long the interface must be missing before; null for no time.</param>
internal sealed record EntryEnd(string? Lease, OnInterfaceGone OnInterfaceGone, TimeSpan? DeleteAfter)
{
    /// <summary>The entry does not end by itself.</summary>
    public static EntryEnd None { get; } = new(null, OnInterfaceGone.Keep, null);

    /// <summary>Returns the ways; null if there is none.</summary>
    public static EntryEnd? OrNull(EntryEnd end) => end == None ? null : end;
}
