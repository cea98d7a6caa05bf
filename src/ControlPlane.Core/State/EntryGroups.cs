using System.Collections.Immutable;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.State;

/// <summary>The facts that the state of an entry depends on, besides its element in the kernel. A million entries form few groups.</summary>
/// <param name="Interface">The name of the egress interface.</param>
/// <param name="Program">The egress program; null for none.</param>
/// <param name="Ingress">The only interface that frames with the key arrive on; empty for any.</param>
/// <param name="IsTagged">Whether every frame with the key carries a VLAN tag.</param>
/// <param name="IsPlaced">Whether the entry has a kernel key.</param>
/// <param name="Failure">The reason why it failed; null if it did not.</param>
internal readonly record struct EntryGroup(string Interface, string? Program, string Ingress, bool IsTagged, bool IsPlaced, string? Failure)
{
    /// <summary>Returns the group of an entry.</summary>
    public static EntryGroup Of(KeySelector selector, PlacedEntry entry)
    {
        var (key, spec) = (entry.Record.Key, entry.Record.Spec);
        return new(spec.Interface, spec.EgressProgram, selector.IngressOf(key) ?? "", selector.IsTagged(key), entry.KernelKey is not null, entry.Failure?.Reason);
    }
}

/// <summary>Counts the entries of a devmap by group, with each change. For the writer's thread.</summary>
internal sealed class EntryGroupCounts(KeySelector selector)
{
    private readonly ImmutableDictionary<EntryGroup, int>.Builder _counts = ImmutableDictionary.CreateBuilder<EntryGroup, int>();

    /// <summary>An entry takes the place of another; either can be null.</summary>
    public void Replace(PlacedEntry? before, PlacedEntry? after)
    {
        EntryGroup? old = before is null ? null : EntryGroup.Of(selector, before);
        EntryGroup? now = after is null ? null : EntryGroup.Of(selector, after);
        if (old == now)
            return;
        if (now is { } entered)
            _counts[entered] = _counts.GetValueOrDefault(entered) + 1;
        if (old is not { } left)
            return;
        if (_counts[left] == 1)
            _counts.Remove(left);
        else
            _counts[left]--;
    }

    /// <summary>Returns the counts now.</summary>
    public ImmutableDictionary<EntryGroup, int> Freeze() => _counts.ToImmutable();
}
