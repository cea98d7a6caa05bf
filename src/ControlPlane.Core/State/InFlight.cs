using System.Collections.Concurrent;
using System.Collections.Frozen;
using ControlPlane.Core.Ports;

namespace ControlPlane.Core.State;

/// <summary>
/// The elements that the writer may be changing: the footprint of its batch, published before the first kernel step, and what
/// follows from the batch, added before the step that changes it.
/// </summary>
/// <param name="batch">The elements in the footprint of the batch. The set must not change any more.</param>
internal sealed class InFlight(IReadOnlySet<ElementId> batch)
{
    private readonly ConcurrentDictionary<ElementId, bool> _added = new();

    /// <summary>Returns what is in flight for a batch that changes these elements.</summary>
    public static InFlight Of(IReadOnlySet<ElementId> batch) => new(batch);

    /// <summary>Nothing is in flight.</summary>
    public static InFlight None { get; } = new(FrozenSet<ElementId>.Empty);

    /// <summary>Whether the writer may be changing the element.</summary>
    public bool Contains(ElementId element) => batch.Contains(element) || _added.ContainsKey(element);

    /// <summary>Adds an element. For the writer only, before it changes the element.</summary>
    public void Add(ElementId element)
    {
        if (!batch.Contains(element))
            _added.TryAdd(element, true);
    }
}

/// <summary>Finds elements that are in the kernel and that nobody desires, beside a busy writer.</summary>
internal static class Unmanaged
{
    private const int MaxAttempts = 100;

    /// <summary>
    /// Returns the element if the kernel has it and it is unmanaged: the same snapshot was published before and after the lookup and
    /// does not know the key, and the footprint in flight after the lookup does not either. Null if it is managed, or not there.
    /// </summary>
    /// <remarks>
    /// A step of the writer runs after its announcement and before its snapshot. An element that such a step made is thus in flight, or
    /// in the snapshot, or a newer snapshot has come, and then the question is asked again.
    /// </remarks>
    /// <exception cref="Errors.KernelException">The kernel refused.</exception>
    public static KernelEntry? Find(ControlPlaneState state, IDevmapReader kernel, ElementId id)
    {
        var before = state.Current;
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (before.Find(id.Devmap) is not { } devmap || devmap.Entries.Find(id.KernelKey) is not null || devmap.Open?.IsLeaving(id.KernelKey) == true)
                return null;
            if (!kernel.TryLookup(id.KernelKey, out var element) || state.InFlight.Contains(id))
                return null;
            var after = state.Current;
            if (ReferenceEquals(before, after))
                return element;
            before = after;
        }

        // The writer publishes faster than this thread can look. The element is taken for managed: the next answer looks again.
        return null;
    }
}
