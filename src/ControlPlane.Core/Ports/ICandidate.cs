using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Ports;

/// <summary>Reads the elements of one table of a devmap.</summary>
public interface IElementReader
{
    /// <summary>Reads one element (<c>bpf_map_lookup_elem</c>). False when the kernel has none.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    bool TryLookup(uint key, out KernelEntry entry);

    /// <summary>Returns the actions that belong to a key; null for none.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    EntryActions? ReadActions(uint key);
}

/// <summary>The elements of one table of a devmap: of the one that programs use, or of the other one. For the writer's thread.</summary>
public interface IElements : IElementReader
{
    /// <summary>
    /// Writes one element, new or not (<c>bpf_map_update_elem</c> with <c>BPF_ANY</c>): the kernel does not enforce
    /// <c>BPF_EXIST</c>, so whether it must exist is for the writer to know.
    /// </summary>
    /// <param name="scope">The writer's permission.</param>
    /// <param name="key">The kernel key, any value.</param>
    /// <param name="ifindex">The target device in the daemon's network namespace.</param>
    /// <param name="egressProgram">The name of a loaded egress program, or null for none.</param>
    /// <param name="replaces">Whether the element is known to be there; it is looked for where that matters when null.</param>
    /// <param name="actions">The changes of the frames of the element, or null for none. Frames see target and actions of one update together, or those of the one before.</param>
    /// <exception cref="ControlPlaneException">The egress program is unknown, or the values cannot carry one.</exception>
    /// <exception cref="KernelException">
    /// E2BIG: the map is full. EINVAL: no such ifindex (all other causes are excluded before the call). ENOMEM: after retries.
    /// </exception>
    void Update(WriterScope scope, uint key, uint ifindex, string? egressProgram, bool? replaces = null, EntryActions? actions = null);

    /// <summary>Removes one element. False when the kernel had none (ENOENT).</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    bool Delete(WriterScope scope, uint key);
}

/// <summary>
/// The second table of a devmap, in the place that no program uses: first a candidate, and after <see cref="Switch"/> the table before it.
/// Its elements are those of the table that programs do not use. A key has one counter, whichever table programs use, and it counts on.
/// For the writer's thread, except <see cref="Made"/>.
/// </summary>
public interface ICandidate : IElements
{
    /// <summary>
    /// Ends when the kernel has made the candidate, which takes some tens of milliseconds; faulted with a <see cref="KernelException"/> if it refuses.
    /// No other member may be used before, except <see cref="Release"/>.
    /// </summary>
    Task Made { get; }

    /// <summary>The id of the map that programs do not use.</summary>
    uint MapId { get; }

    /// <summary>Whether programs use the candidate, and this is the table before it.</summary>
    bool IsSwitched { get; }

    /// <summary>
    /// Notes that the candidate has all elements, and is the table of a commit with this revision: a start that finds the commit in its store
    /// switches, and another start removes the candidate.
    /// </summary>
    /// <param name="scope">The writer's permission.</param>
    /// <param name="revision">The revision; 0 takes the note back.</param>
    /// <exception cref="KernelException">The kernel refused.</exception>
    void Complete(WriterScope scope, long revision);

    /// <summary>
    /// Has programs use the other table, by one store: each frame goes by one of the two as a whole. A second call switches back. If others have
    /// switched already, as a program of the kernel can, this only follows.
    /// </summary>
    /// <exception cref="KernelException">The kernel refused; programs use the same table as before.</exception>
    void Switch(WriterScope scope);

    /// <summary>The guard of the switch; null without one.</summary>
    ISwitchGuard? Guard { get; }

    /// <summary>Loads and pins a guard for the switch, in some milliseconds. Nothing is switched yet.</summary>
    /// <param name="scope">The writer's permission.</param>
    /// <param name="since">The revision of the table that programs use now: a start after the end of this process has it (<see cref="IDevmap.Interrupted"/>).</param>
    /// <param name="watches">Whether redirect errors have a limit.</param>
    /// <exception cref="KernelException">The kernel refused: it lacks timers, or the tracepoints for <paramref name="watches"/>.</exception>
    ISwitchGuard PrepareGuard(WriterScope scope, long since, bool watches);

    /// <summary>Gives up the table that programs do not use. The devmap has no candidate from now on; the kernel frees the table when no program uses it any more.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    void Release(WriterScope scope);
}
