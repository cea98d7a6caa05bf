using System.Numerics;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Simulation;

/// <summary>
/// One table of a simulated devmap: the hash with its chains, and the actions. A chain begins with its newest element, because
/// <c>__dev_map_hash_update_elem</c> adds at the head.
/// </summary>
internal sealed class SimulatedTable(DevmapRecord definition, uint mapId)
{
    private readonly List<uint>?[] _chains = new List<uint>[BitOperations.RoundUpToPowerOf2(definition.Spec.MaxEntries)];
    private readonly Dictionary<uint, KernelEntry> _elements = [];
    private readonly Dictionary<uint, EntryActions> _actions = [];

    /// <summary>The devmap with the capacity of this table.</summary>
    public DevmapRecord Definition { get; set; } = definition;

    public uint MapId => mapId;

    public int Count => _elements.Count;

    public bool TryGet(uint key, out KernelEntry element) => _elements.TryGetValue(key, out element);

    /// <summary>Returns the actions of a key; null for none.</summary>
    public EntryActions? ActionsOf(uint key) => _actions.GetValueOrDefault(key);

    public void Set(uint key, KernelEntry element, EntryActions? actions = null)
    {
        Remove(key);
        (_chains[BucketOf(key)] ??= []).Insert(0, key);
        _elements[key] = element;
        // As the kernel layer: actions that do nothing are none.
        if (actions is not null && actions != new EntryActions())
            _actions[key] = actions;
    }

    public bool Remove(uint key)
    {
        if (!_elements.Remove(key))
            return false;
        _actions.Remove(key);
        _chains[BucketOf(key)]!.Remove(key);
        return true;
    }

    /// <summary>The keys of the elements that have no actions.</summary>
    public IEnumerable<uint> KeysWithoutActions => _elements.Keys.Where(k => !_actions.ContainsKey(k));

    /// <summary>Returns the keys of the elements of a device.</summary>
    public IReadOnlyList<uint> KeysOf(uint ifindex) => [.. _elements.Where(e => e.Value.Ifindex == ifindex).Select(e => e.Key)];

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

    private int BucketOf(uint key) => (int)(key & (uint)(_chains.Length - 1));
}
