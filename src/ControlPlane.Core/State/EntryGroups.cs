using System.Collections.Immutable;
using System.Runtime.InteropServices;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.State;

/// <summary>The facts that the state of an entry depends on, besides its element in the kernel. A million entries form few groups.</summary>
/// <param name="Interface">The name of the egress interface.</param>
/// <param name="Program">The egress program; null for none.</param>
/// <param name="Ingress">The only interface that frames with the key arrive on; empty for any.</param>
/// <param name="Frames">The frames, and the effects of the actions on them.</param>
/// <param name="IsPlaced">Whether the entry has a kernel key.</param>
/// <param name="Failure">The reason why it failed; null if it did not.</param>
internal readonly record struct EntryGroup(string Interface, string? Program, string Ingress, FrameTraits Frames, bool IsPlaced, string? Failure)
{
    /// <summary>Returns the group of an entry.</summary>
    public static EntryGroup Of(KeySelector selector, PlacedEntry entry)
    {
        var (key, spec) = (entry.Record.Key, entry.Record.Spec);
        return new(spec.Interface, spec.EgressProgram, selector.IngressOf(key) ?? "", FrameTraits.Of(selector, entry.Record), entry.KernelKey is not null, entry.Failure?.Reason);
    }
}

/// <summary>The frames of an entry, and the effects of its actions on them, as far as the state of the entry depends on them.</summary>
/// <param name="IsTagged">Whether every frame with the key carries a VLAN tag.</param>
/// <param name="IsUntagged">Whether none does.</param>
/// <param name="Actions">The effects of the actions.</param>
internal readonly record struct FrameTraits(bool IsTagged, bool IsUntagged, ActionEffects Actions)
{
    /// <summary>Returns the traits of the frames of an entry.</summary>
    public static FrameTraits Of(KeySelector selector, EntryRecord record) =>
        new(selector.IsTagged(record.Key), selector.IsUntagged(record.Key), ActionRules.EffectsOf(record.Spec.Actions));
}

/// <summary>Counts the entries of a devmap by group, with each change. For the writer's thread.</summary>
internal sealed class EntryGroupCounts(KeySelector selector)
{
    private readonly Dictionary<EntryGroup, int> _counts = [];
    private readonly HashSet<EntryGroup> _touched = [];
    private ImmutableDictionary<EntryGroup, int> _last = ImmutableDictionary<EntryGroup, int>.Empty;

    /// <summary>An entry takes the place of another; either can be null.</summary>
    public void Replace(PlacedEntry? before, PlacedEntry? after)
    {
        EntryGroup? old = before is null ? null : EntryGroup.Of(selector, before);
        EntryGroup? now = after is null ? null : EntryGroup.Of(selector, after);
        if (old == now)
            return;
        if (now is { } entered)
            Count(entered, 1);
        if (old is { } left)
            Count(left, -1);
    }

    /// <summary>Returns the counts now.</summary>
    public ImmutableDictionary<EntryGroup, int> Freeze()
    {
        foreach (var group in _touched)
        {
            _last = _counts[group] > 0 ? _last.SetItem(group, _counts[group]) : _last.Remove(group);
            if (_counts[group] == 0)
                _counts.Remove(group);
        }

        _touched.Clear();
        return _last;
    }

    private void Count(EntryGroup group, int by)
    {
        CollectionsMarshal.GetValueRefOrAddDefault(_counts, group, out _) += by;
        _touched.Add(group);
    }
}
