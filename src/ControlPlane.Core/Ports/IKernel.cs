using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Ports;

/// <summary>
/// The kernel as the daemon needs it. Two implementations keep one contract: the real one (libbpf, netlink) and the
/// simulated one. Disposing closes descriptors and never takes anything out of the kernel.
/// </summary>
public interface IKernel : IDisposable
{
    /// <summary>Versions and probed features.</summary>
    HostFacts Host { get; }

    /// <summary>Returns the conditions of the place that the daemon runs in, as they are now; none where no frame moves.</summary>
    IReadOnlyList<Condition> ReadConditions() => [];

    /// <summary>The pins of all that the daemon has in the kernel.</summary>
    IPins Pins => NoPins.Instance;

    /// <summary>The interfaces of the network namespace.</summary>
    IInterfaces Interfaces { get; }

    /// <summary>The egress programs.</summary>
    IEgressPrograms Programs { get; }

    /// <summary>Dry runs of the actions of entries.</summary>
    IActionDryRun Actions { get; }

    /// <summary>The pass programs that make targets accept redirected frames.</summary>
    IPassPrograms PassPrograms { get; }

    /// <summary>The counters of frames dropped after a redirect.</summary>
    IDropCounters Drops { get; }

    /// <summary>Real frames that the daemon itself sends.</summary>
    ILiveFrames LiveFrames => NoLiveFrames.Instance;

    /// <summary>
    /// Creates the devmap's kernel objects and pins them, or adopts them when they are pinned already: map, slot,
    /// redirect program, counters, links. Programs that were made with other settings are replaced, and no frame is lost. Ends a switch to a candidate that was
    /// cut off.
    /// </summary>
    /// <param name="scope">The writer's permission.</param>
    /// <param name="definition">The devmap.</param>
    /// <param name="committed">The last revision in the store: a candidate that is complete for it or one before becomes active, another one is removed.</param>
    /// <exception cref="ControlPlaneException">A pin differs from the definition in what cannot change; every difference is listed.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    IDevmap OpenDevmap(WriterScope scope, DevmapRecord definition, long committed = 0);

    /// <summary>
    /// Gives an open devmap other settings: its links get other programs, each in one step, so that no frame is lost. The elements stay. Those that
    /// are not counted yet, where counters are on now, must be counted (<see cref="IDevmap.Count"/>).
    /// </summary>
    /// <returns>The devmap with its new settings. Reads of the one before stay right for a while; the caller disposes of it.</returns>
    /// <exception cref="KernelException">The kernel refused. The devmap has the settings that it had.</exception>
    IDevmap ChangeDevmap(WriterScope scope, IDevmap devmap, DevmapRecord definition);

    /// <summary>Removes all kernel objects of a devmap, open or not, and detaches its redirect program everywhere. False if there is no such devmap.</summary>
    /// <exception cref="ControlPlaneException">The pins of that name are not ours.</exception>
    /// <exception cref="KernelException">The kernel refused. Some of it may be removed, and the rest can be removed later.</exception>
    bool RemoveDevmap(WriterScope scope, string devmap);

    /// <summary>Returns the devmaps that are pinned, with their settings as far as the kernel objects tell. For the start, before any devmap is open.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    IReadOnlyList<DevmapRecord> FindDevmaps(WriterScope scope);
}
