using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Ports;

/// <summary>
/// One devmap in the kernel: the active <c>BPF_MAP_TYPE_DEVMAP_HASH</c>, its redirect program and where that runs.
/// Members that take a <see cref="WriterScope"/> are for the writer's thread; the reader is for any.
/// </summary>
public interface IDevmap : IDevmapReader, IElements, IDisposable
{
    /// <summary>The record it was made from, with the capacity of the active map.</summary>
    DevmapRecord Definition { get; }

    /// <summary>Whether its objects were pinned already and were adopted.</summary>
    bool Adopted { get; }

    /// <summary>The id of the active map.</summary>
    uint MapId { get; }

    /// <summary>The id of the redirect program.</summary>
    uint RedirectProgramId { get; }

    /// <summary>The ids of all its programs. Which of them an interface runs depends on the interface and the mode.</summary>
    IReadOnlyList<uint> ProgramIds { get; }

    /// <summary>Has the frames of an element be counted from now on, if they are not. The element stays as it is; nothing happens if there is none.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    void Count(WriterScope scope, uint key);

    /// <summary>Has the redirect programs use this map and its table of entry ids, whatever is in the slots.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    void Activate(WriterScope scope);

    /// <summary>The second table; null if there is none.</summary>
    ICandidate? Candidate { get; }

    /// <summary>
    /// Begins a candidate: an empty map, to be filled while programs use the other one. There is one at a time. It waits until the kernel has freed
    /// the one before, so see <see cref="ICandidate.Made"/>.
    /// </summary>
    /// <param name="scope">The writer's permission.</param>
    /// <param name="definition">The devmap as it is with the candidate: only its capacity can differ.</param>
    /// <param name="entries">How many elements the candidate gets, or a little less.</param>
    /// <exception cref="InvalidOperationException">There is a candidate already.</exception>
    ICandidate BeginCandidate(WriterScope scope, DevmapRecord definition, int entries);

    /// <summary>The guarded switch that nobody has confirmed before an earlier process ended; null if there is none. The table before it is active.</summary>
    InterruptedSwitch? Interrupted => null;

    /// <summary>Forgets <see cref="Interrupted"/>: the desired state follows the table by now.</summary>
    void EndInterrupted(WriterScope scope)
    {
    }

    /// <summary>The pinned links, dead ones (whose interface was removed) included.</summary>
    IReadOnlyList<DevmapLink> Links { get; }

    /// <summary>Attaches the redirect program by a pinned <c>bpf_link</c>. A dead link under the same name is replaced.</summary>
    /// <exception cref="KernelException">
    /// EBUSY or EEXIST: another XDP program holds the interface. EINVAL: no such interface. EOPNOTSUPP, ERANGE, ENOSPC,
    /// EINVAL: the driver cannot do it in this mode. EINVAL in tcx mode: the kernel has no tcx.
    /// </exception>
    DevmapLink Attach(WriterScope scope, InterfaceInfo ingress, AttachMode mode);

    /// <summary>Detaches from the interface of this name and removes the pin. False when there was no such link.</summary>
    bool Detach(WriterScope scope, string interfaceName);

    /// <summary>
    /// Makes an empty candidate to compare frames with, and loads the programs for that. Safe on any thread, and not for the writer's: it takes
    /// milliseconds. At most one at a time.
    /// </summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    IRehearsal PrepareRehearsal();
}

/// <summary>Reads of one devmap through a descriptor the kernel itself keeps read-only. Safe on any thread.</summary>
public interface IDevmapReader : IElementReader
{
    /// <summary>The link of this interface's name as the kernel has it now (<c>xdp_ifindex</c> 0: dead or detached); null when there is none.</summary>
    DevmapLink? FindLink(string interfaceName);

    /// <summary>
    /// The key after <paramref name="after"/> in the kernel's order: by bucket, newest first within one
    /// (<c>bpf_map_get_next_key</c>). Null asks for the first key, and so, silently, does a key that was removed.
    /// </summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="KernelException">The kernel refused.</exception>
    bool TryGetNextKey(uint? after, out uint next);

    /// <summary>The id of the map the redirect program looks keys up in now; 0 when its slot is empty. It is <see cref="IDevmap.MapId"/> unless others changed it.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    uint ReadActiveMapId();

    /// <summary>Returns whether the redirect programs use the devmap's own map and its own table of entry ids. They do unless others changed it.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    bool IsActive();

    /// <summary>Returns whether the frames of this key's element are counted for it; true when counters are off. They are unless others changed the table of entry ids.</summary>
    bool IsCounted(uint key);

    /// <summary>Returns how the table of entry ids is used; null when counters are off.</summary>
    EntryTableUse? ReadTableUse();

    /// <summary>Returns the frames redirected by this key since its element was made; zero when counters are off.</summary>
    EntryCounters ReadCounters(uint key);

    /// <summary>Returns the keys whose frames were dropped by a failed action or had expired, at most 4,096, those of the last; empty when no entry ever had actions.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    IReadOnlyList<ActionCount> ReadActionCounts();

    /// <summary>Returns whether frames with this key in tcx mode go to the peer of their target directly, as the redirect program judges now.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    PeerUse ReadPeerUse(uint key);

    /// <summary>Returns the counts of the redirect program; null when counters are off.</summary>
    DevmapCounters? ReadTotals();

    /// <summary>
    /// A sample of the keys that frames had and the devmap lacked, at most 64, the last missed first; empty when counters are off.
    /// A key may have got its entry since. It takes 64 system calls: for one devmap and not for a list of many.
    /// </summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    IReadOnlyList<MissedKeyCount> ReadMissedKeys();
}

/// <summary>An element as the kernel's map gives it: a program <b>id</b>, where a write takes a program fd.</summary>
/// <param name="Ifindex">The target device.</param>
/// <param name="EgressProgramId">The id of the egress program; 0 for none.</param>
public readonly record struct KernelEntry(uint Ifindex, uint EgressProgramId);

/// <summary>A pinned <c>bpf_link</c> of a redirect program.</summary>
/// <param name="Interface">The name it was made for, which is also its pin's name.</param>
/// <param name="Ifindex">The ifindex it is attached to; 0 if that device was removed and the link is dead.</param>
/// <param name="LinkId">The link's id.</param>
/// <param name="Mode">How it is attached; for a dead link, as far as is known.</param>
/// <param name="ProgramId">The id of the program that it attaches.</param>
public sealed record DevmapLink(string Interface, uint Ifindex, uint LinkId, AttachMode Mode, uint ProgramId);
