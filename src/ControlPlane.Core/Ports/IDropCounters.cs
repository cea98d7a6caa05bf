using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Ports;

/// <summary>
/// Counters of frames that the kernel dropped after a redirect program had sent them on their way, from tracepoints. Counting goes on while no daemon
/// runs. Where the host cannot do it, all reads are empty and <see cref="Feature"/> says
/// why. The lists are bounded: what was dropped least lately makes room. Safe on any thread; a read walks a table of at most some
/// thousand elements, so it is for a page of entries and not for each of them.
/// </summary>
public interface IDropCounters
{
    /// <summary>Whether this host counts, and if not, why.</summary>
    KernelFeature Feature { get; }

    /// <summary>The redirect errors of one open devmap over all keys, exact; zero for a devmap that is not open.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    RedirectErrorTotals ReadRedirectTotals(string devmap);

    /// <summary>The redirect errors of one open devmap, by key and cause, in that order; the 4,096 of all devmaps that came last.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    IReadOnlyList<RedirectErrorCount> ReadRedirectErrors(string devmap);

    /// <summary>Returns the frames that devices of this network namespace were given and did not send, whoever redirected them, by device pair and cause.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    IReadOnlyList<TransmitDropCount> ReadTransmitDrops();

    /// <summary>XDP exceptions on devices of this network namespace, of whichever program.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    IReadOnlyList<XdpExceptionCount> ReadExceptions();
}
