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
    /// redirect program, counters, links. Ends a switch to a candidate that was cut off.
    /// </summary>
    /// <param name="scope">The writer's permission.</param>
    /// <param name="definition">The devmap.</param>
    /// <param name="committed">The last revision in the store: a candidate that is complete for it or one before becomes active, another one is removed.</param>
    /// <exception cref="ControlPlaneException">A pin differs from the definition; every difference is listed.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    IDevmap OpenDevmap(WriterScope scope, DevmapRecord definition, long committed = 0);
}
