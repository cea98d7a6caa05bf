namespace ControlPlane.Core.Devmaps;

/// <summary>A devmap as configured: what its kernel objects are made with and compared to when they are adopted.</summary>
/// <param name="Name">Its name, <c>[a-z][a-z0-9_]{0,14}</c> (<see cref="DevmapName"/>).</param>
/// <param name="MaxEntries">Capacity, 1 .. the configured limit. The kernel allocates 8 bytes a bucket for it at once.</param>
/// <param name="ValueSize">8 (<c>struct bpf_devmap_val</c>, since Linux 5.8) or 4 (an ifindex alone: no egress programs).</param>
/// <param name="NumaNode">The NUMA node to allocate on (<c>BPF_F_NUMA_NODE</c>), or null for any.</param>
/// <param name="KeySelector">What the key of a frame is.</param>
/// <param name="MissAction">What happens to a frame whose key has no entry.</param>
/// <param name="Counters">Whether the redirect program counts; fixed when it is loaded.</param>
/// <param name="EnsureTargets">Whether the daemon makes targets accept redirected frames.</param>
public sealed record DevmapDefinition(
    string Name,
    uint MaxEntries,
    uint ValueSize = 8,
    uint? NumaNode = null,
    KeySelector KeySelector = KeySelector.IngressInterface,
    MissAction MissAction = MissAction.Pass,
    bool Counters = true,
    EnsureTargets EnsureTargets = EnsureTargets.Auto);
