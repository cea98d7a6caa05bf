using System.Numerics;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Simulation;

/// <summary>
/// The pinned objects of one simulated devmap: the links, and the hash with its chains. A chain begins with its newest element,
/// because <c>__dev_map_hash_update_elem</c> adds at the head.
/// </summary>
internal sealed class SimulatedMap(DevmapRecord definition, uint mapId, uint programId, uint completingProgramId, uint tcxProgramId)
{
    private readonly List<uint>?[] _chains = new List<uint>[BitOperations.RoundUpToPowerOf2(definition.Spec.MaxEntries)];
    private readonly Dictionary<uint, KernelEntry> _elements = [];
    private readonly Dictionary<uint, EntryActions> _actions = [];

    // Only live frames of a probe ever hit an element.
    private readonly Dictionary<uint, EntryCounters> _hits = [];

    public DevmapRecord Definition { get; private set; } = definition;

    public uint MapId { get; } = mapId;

    public uint ProgramId { get; private set; } = programId;

    public uint CompletingProgramId { get; private set; } = completingProgramId;

    public uint TcxProgramId { get; private set; } = tcxProgramId;

    public uint ActiveMapId { get; set; } = mapId;

    public Dictionary<string, DevmapLink> Links { get; } = new(StringComparer.Ordinal);

    /// <summary>Elements whose frames are not counted, because somebody changed the table of entry ids.</summary>
    public HashSet<uint> Uncounted { get; } = [];

    public int Count => _elements.Count;

    /// <summary>Gives the devmap other settings and other programs. Elements are not counted that were made without counters.</summary>
    public void Redefine(DevmapRecord next, Func<uint> nextId)
    {
        if (next.Spec.Counters && !Definition.Spec.Counters)
            Uncounted.UnionWith(_elements.Keys.Where(k => !_actions.ContainsKey(k)));
        (Definition, ProgramId, CompletingProgramId, TcxProgramId) = (next, nextId(), nextId(), nextId());
    }

    /// <summary>Returns the program that an interface runs.</summary>
    public uint ProgramFor(InterfaceInfo ingress, AttachMode mode) => mode == AttachMode.Tcx ? TcxProgramId
        : ChecksumCompletion.IsDoneFor(Definition.Spec, ingress, mode) ? CompletingProgramId : ProgramId;

    public bool TryGet(uint key, out KernelEntry element) => _elements.TryGetValue(key, out element);

    /// <summary>Returns the actions of a key; null for none.</summary>
    public EntryActions? ActionsOf(uint key) => _actions.GetValueOrDefault(key);

    public void Set(uint key, KernelEntry element, EntryActions? actions = null)
    {
        var hits = HitsOf(key);
        Remove(key);
        if (hits != default)
            _hits[key] = hits;
        (_chains[BucketOf(key)] ??= []).Insert(0, key);
        _elements[key] = element;
        // As the kernel layer: actions that do nothing are none.
        if (actions is not null && actions != new EntryActions())
            _actions[key] = actions;
        Uncounted.Remove(key);
    }

    public EntryCounters HitsOf(uint key) => _hits.GetValueOrDefault(key);

    public void CountHits(uint key, ulong packets, ulong bytes)
    {
        var before = HitsOf(key);
        _hits[key] = new EntryCounters(before.Packets + packets, before.Bytes + bytes);
    }

    public bool Remove(uint key)
    {
        if (!_elements.Remove(key))
            return false;
        _hits.Remove(key);
        _actions.Remove(key);
        _chains[BucketOf(key)]!.Remove(key);
        return true;
    }

    public bool TryGetNext(uint? after, out uint next)
    {
        var bucket = 0;
        if (after is { } key && _elements.ContainsKey(key))
        {
            var chain = _chains[BucketOf(key)]!;
            var at = chain.IndexOf(key) + 1;
            if (at < chain.Count)
            {
                next = chain[at];
                return true;
            }

            bucket = BucketOf(key) + 1;
        }

        for (; bucket < _chains.Length; bucket++)
        {
            if (_chains[bucket] is { Count: > 0 } chain)
            {
                next = chain[0];
                return true;
            }
        }

        next = 0;
        return false;
    }

    /// <summary>Removes the elements of a device, as the kernel does when the device is removed. Its links become dead.</summary>
    public void RemoveDevice(uint ifindex)
    {
        foreach (var key in _elements.Where(e => e.Value.Ifindex == ifindex).Select(e => e.Key).ToList())
            Remove(key);
        foreach (var link in Links.Values.Where(l => l.Ifindex == ifindex).ToList())
            Links[link.Interface] = link with { Ifindex = 0 };
    }

    private int BucketOf(uint key) => (int)(key & (uint)(_chains.Length - 1));
}
