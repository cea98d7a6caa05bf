using System.Collections.Immutable;

namespace ControlPlane.Core.State;

/// <summary>
/// When the redirect program of a devmap came to interfaces and left them, as the daemon saw it. A fact of the attachments, however many
/// entries depend on it. Immutable.
/// </summary>
/// <param name="ByName">The last change by interface. An interface without one has been as it is since the daemon's start.</param>
/// <param name="Any">When the program came to its first interface, or left its last one; null if that has not changed since the start.</param>
internal sealed record IngressTimes(ImmutableDictionary<string, DateTimeOffset> ByName, DateTimeOffset? Any)
{
    // Interfaces that come and go all day must not fill the memory.
    private const int MaxNames = 4096;

    /// <summary>Nothing has changed since the start.</summary>
    public static IngressTimes None { get; } = new(ImmutableDictionary.Create<string, DateTimeOffset>(StringComparer.Ordinal), null);

    /// <summary>Returns the times after a change of the attachment to an interface.</summary>
    public IngressTimes After(
        string name, ImmutableSortedDictionary<string, PlacedAttachment> before, ImmutableSortedDictionary<string, PlacedAttachment> after, DateTimeOffset now)
    {
        if (IsAttached(before, name) == IsAttached(after, name))
            return this;
        var names = ByName.Count < MaxNames ? ByName : ByName.RemoveRange(ByName.Keys.Where(n => !after.ContainsKey(n)));
        return new IngressTimes(names.SetItem(name, now), IsAttachedAnywhere(before) == IsAttachedAnywhere(after) ? Any : now);
    }

    /// <summary>Returns when the fact last changed; null if it has not since the start.</summary>
    /// <param name="name">The name of the interface; empty for any.</param>
    public DateTimeOffset? Of(string name) => name.Length == 0 ? Any : ByName.TryGetValue(name, out var time) ? time : null;

    private static bool IsAttached(ImmutableSortedDictionary<string, PlacedAttachment> attachments, string name) =>
        attachments.GetValueOrDefault(name)?.Link is not null;

    private static bool IsAttachedAnywhere(ImmutableSortedDictionary<string, PlacedAttachment> attachments) =>
        attachments.Values.Any(a => a.Link is not null);
}
