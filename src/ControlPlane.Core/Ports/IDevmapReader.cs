using ControlPlane.Core.Devmaps;
using ControlPlane.Core.Entries;
using ControlPlane.Core.Errors;

namespace ControlPlane.Core.Ports;

/// <summary>Reads of one devmap through a descriptor the kernel itself keeps read-only. Safe on any thread.</summary>
public interface IDevmapReader
{
    /// <summary>Reads one element (<c>bpf_map_lookup_elem</c>). False when the kernel has none.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    bool TryLookup(uint key, out KernelEntry entry);

    /// <summary>
    /// The key after <paramref name="after"/> in the kernel's order: by bucket, newest first within one
    /// (<c>bpf_map_get_next_key</c>). Null asks for the first key, and so, silently, does a key that is gone.
    /// </summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="KernelException">The kernel refused.</exception>
    bool TryGetNextKey(uint? after, out uint next);

    /// <summary>The id of the map the redirect program looks keys up in now; 0 when its slot is empty. It is <see cref="IDevmap.MapId"/> unless others changed it.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    uint ReadActiveMapId();

    /// <summary>What was redirected by this key since its element was made; zero when counters are off.</summary>
    EntryCounters ReadCounters(uint key);

    /// <summary>What the redirect program counted; null when counters are off.</summary>
    DevmapCounters? ReadTotals();

    /// <summary>
    /// A sample of the keys that frames had and the devmap lacked, at most 64, the last missed first; empty when counters are off.
    /// A key may have got its entry since. It takes 64 system calls: for one devmap and not for a list of many.
    /// </summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    IReadOnlyList<MissedKey> ReadMissedKeys();
}
