using System.Collections.Concurrent;
using System.Collections.Immutable;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Core.State;

/// <summary>
/// The proofs that probes gave of entries: few, for ten minutes, and only as long as nothing changes that they depend on. Nothing is stored.
/// Safe on any thread.
/// </summary>
internal sealed class Proofs
{
    /// <summary>How long a proof counts.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    // Immutable, because nearly every answer asks whether there are any.
    private ImmutableDictionary<ElementId, Proof> _proofs = ImmutableDictionary<ElementId, Proof>.Empty;
    private readonly ConcurrentDictionary<DevmapId, long> _frames = new();
    private readonly FactTimes _facts;

    public Proofs(FactTimes facts)
    {
        _facts = facts;
        facts.Observed += Observe;
    }

    /// <summary>Whether there are none.</summary>
    public bool IsEmpty => Volatile.Read(ref _proofs).IsEmpty;

    /// <summary>Keeps a proof in the place of an earlier one.</summary>
    public void Add(Proof proof) => ImmutableInterlocked.AddOrUpdate(ref _proofs, proof.Id, proof, (_, _) => proof);

    /// <summary>Counts the frames of a probe.</summary>
    public void Count(DevmapId devmap, int frames) => _frames.AddOrUpdate(devmap, frames, (_, before) => before + frames);

    /// <summary>Returns how many frames probes have sent since the start.</summary>
    public long FramesOf(DevmapId devmap) => _frames.GetValueOrDefault(devmap);

    /// <summary>Returns the proof of an entry; null if there is none, or if it has lapsed.</summary>
    /// <param name="id">The element of the entry.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="element">The element in the kernel.</param>
    /// <param name="interfaces">The interfaces.</param>
    /// <param name="map">The devmap in the kernel.</param>
    public Proof? Find(ElementId id, PlacedEntry entry, KernelEntry element, InterfaceTable interfaces, IDevmapReader map)
    {
        if (!Volatile.Read(ref _proofs).TryGetValue(id, out var proof))
            return null;
        if (proof.IsOf(entry, element, interfaces, map) && proof.ExpireTime > _facts.Now)
            return proof;
        Remove(proof);
        return null;
    }

    /// <summary>Returns the elements of a devmap that have a proof, which may have lapsed.</summary>
    public IEnumerable<ElementId> Of(DevmapId devmap) => Volatile.Read(ref _proofs).Keys.Where(id => id.Devmap == devmap);

    /// <summary>Removes a proof. Returns false if another has taken its place, or if it lapsed before.</summary>
    public bool Remove(Proof proof) => ImmutableInterlocked.Update(
        ref _proofs, static (all, lapsed) => all.GetValueOrDefault(lapsed.Id) is { } there && ReferenceEquals(there, lapsed) ? all.Remove(lapsed.Id) : all, proof);

    /// <summary>The entry of an element has changed.</summary>
    public void Remove(ElementId id) => ImmutableInterlocked.TryRemove(ref _proofs, id, out _);

    /// <summary>The devmap has been removed.</summary>
    public void RemoveOf(DevmapId devmap)
    {
        foreach (var id in Of(devmap))
            Remove(id);
        _frames.TryRemove(devmap, out _);
    }

    /// <summary>An attachment has changed.</summary>
    public void RemoveOf(DevmapId devmap, string ingress)
    {
        foreach (var (id, proof) in Volatile.Read(ref _proofs))
        {
            if (id.Devmap == devmap && proof.Link.Interface == ingress)
                Remove(proof);
        }
    }

    // A change ends a proof for good, also if it is taken back before anybody reads the entry.
    private void Observe(LinkChanges changes)
    {
        if (IsEmpty)
            return;
        var table = _facts.Interfaces;
        foreach (var proof in Volatile.Read(ref _proofs).Values)
        {
            if (!proof.HasSameInterfaces(table))
                Remove(proof);
        }
    }
}

/// <summary>The proof that a probe gave of one entry, and all that it depends on. Immutable.</summary>
/// <param name="Id">The element that the frames were redirected by.</param>
/// <param name="Record">The entry.</param>
/// <param name="Element">The element as it was in the kernel.</param>
/// <param name="Target">The target.</param>
/// <param name="Peer">The peer of a veth, if it is in this network namespace.</param>
/// <param name="Link">The link whose program ran.</param>
/// <param name="FrameBytes">The length of the frames.</param>
/// <param name="Condition">The verdict: True or False.</param>
/// <param name="ExpireTime">When it lapses at the latest.</param>
internal sealed record Proof(
    ElementId Id,
    EntryRecord Record,
    KernelEntry Element,
    InterfaceInfo Target,
    InterfaceInfo? Peer,
    DevmapLink Link,
    int FrameBytes,
    Condition Condition,
    DateTimeOffset ExpireTime)
{
    /// <summary>Whether the proof is of this entry as it stands now.</summary>
    public bool IsOf(PlacedEntry entry, KernelEntry element, InterfaceTable interfaces, IDevmapReader map) =>
        ReferenceEquals(entry.Record, Record) && element == Element && map.ReadActions(Id.KernelKey) == ResolvedTarget.Of(Record.Spec, interfaces)?.Actions && HasSameInterfaces(interfaces) && map.FindLink(Link.Interface) == Link;

    /// <summary>Whether the target and its peer are as they were.</summary>
    public bool HasSameInterfaces(InterfaceTable interfaces) => interfaces.Find(Target.Ifindex) is { } target && target == Target && interfaces.PeerOf(target) == Peer;

    /// <summary>Whether the proof says what another condition cannot: it never stands against one that is True or False.</summary>
    /// <param name="condition">The condition.</param>
    /// <param name="longestFrame">The longest frame that the condition is about.</param>
    public bool Settles(Condition condition, long longestFrame) =>
        Condition.Holds
        && condition.Status == ConditionStatus.Unknown
        && (condition.Type == ConditionTypes.TargetAcceptsRedirect || (condition.Type == ConditionTypes.MtuSufficient && FrameBytes >= longestFrame));
}
