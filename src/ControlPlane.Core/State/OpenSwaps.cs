using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.State;

/// <summary>
/// The swaps of egress programs of one devmap that the kernel has not followed to the end. A swap changes all entries of an interface with one
/// record. Until the writer reaches an entry, the table holds it as the kernel has it, and each read applies the swap. Immutable.
/// </summary>
internal sealed class OpenSwaps
{
    private readonly ImmutableDictionary<string, SwapRecord> _byInterface;

    private OpenSwaps(ImmutableDictionary<string, SwapRecord> byInterface) => _byInterface = byInterface;

    /// <summary>No swaps.</summary>
    public static OpenSwaps None { get; } = new(ImmutableDictionary.Create<string, SwapRecord>(StringComparer.Ordinal));

    /// <summary>Whether there are none.</summary>
    public bool IsEmpty => _byInterface.IsEmpty;

    /// <summary>Returns the swap of an interface; null if there is none.</summary>
    public SwapRecord? Find(string interfaceName) => _byInterface.GetValueOrDefault(interfaceName);

    /// <summary>Returns the desired state of an entry.</summary>
    public EntryRecord Apply(EntryRecord record) => !IsEmpty && Find(record.Spec.Interface) is { } swap && swap.Covers(record) ? swap.Apply(record) : record;

    /// <summary>Returns an entry with its desired state.</summary>
    [return: NotNullIfNotNull(nameof(placed))]
    public PlacedEntry? Desired(PlacedEntry? placed)
    {
        if (IsEmpty || placed is null)
            return placed;
        var desired = Apply(placed.Record);
        return ReferenceEquals(desired, placed.Record) ? placed : placed with { Record = desired };
    }

    /// <summary>Returns the swaps with one more, which takes the place of an earlier one of its interface.</summary>
    public OpenSwaps With(SwapRecord swap) => new(_byInterface.SetItem(swap.Interface, swap));

    /// <summary>Returns the swaps without this one; another one of its interface stays.</summary>
    public OpenSwaps Without(SwapRecord swap) => Find(swap.Interface) == swap ? new(_byInterface.Remove(swap.Interface)) : this;
}
