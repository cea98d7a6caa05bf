using ControlPlane.Core.Auditing;
using ControlPlane.Core.Drops;
using ControlPlane.Core.Entries;

namespace ControlPlane.Core.Devmaps;

/// <summary>A devmap as the API shows it.</summary>
/// <param name="Definition">What it was configured with.</param>
/// <param name="Revision">The revision of its last change.</param>
/// <param name="Entries">How many entries it has, pending ones included.</param>
/// <param name="KernelMapId">The id of the active <c>BPF_MAP_TYPE_DEVMAP_HASH</c>, as <c>bpftool map</c> shows it.</param>
/// <param name="RedirectProgramId">The id of its redirect program, as <c>bpftool prog</c> shows it.</param>
/// <param name="Adopted">Whether its kernel objects were there when the daemon started.</param>
/// <param name="Counters">What its redirect program counted; null when counters are off.</param>
/// <param name="Audits">What audits have found since the daemon started.</param>
/// <param name="Conditions">What is true of it as a whole.</param>
/// <param name="Drops">What the kernel dropped of the frames it redirected; null where the host cannot tell.</param>
/// <param name="MissedKeys">Keys that frames had and it lacked, newest first, each in its canonical text form too.</param>
public sealed record DevmapView(
    DevmapDefinition Definition,
    long Revision,
    int Entries,
    uint KernelMapId,
    uint RedirectProgramId,
    bool Adopted,
    DevmapCounters? Counters,
    AuditTally Audits,
    IReadOnlyList<Condition> Conditions,
    DevmapDrops? Drops,
    IReadOnlyList<(string Key, MissedKey Missed)> MissedKeys);
