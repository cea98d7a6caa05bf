using System.Diagnostics;
using ControlPlane.Core.Model;
using ControlPlane.Kernel.Native;

namespace ControlPlane.Kernel.Netlink;

/// <summary>
/// Finds veths whose peers in other namespaces have changed their MTU or their name: facts about a target that the kernel announces only
/// there. Polls twice a second, or less often if that would take more than a fiftieth of one processor's time. Used by one thread.
/// </summary>
internal sealed class PeerPolling(LinkQueries queries)
{
    private const int DutyCycle = 50;
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);

    private long _last = Stopwatch.GetTimestamp();
    private TimeSpan _pause = Period;

    /// <summary>Returns the time until the next <see cref="Changed"/> is due, in milliseconds; -1 if there are no such veths.</summary>
    public int TimeoutMs(InterfaceTable table) => table.All.Any(LinkQueries.HasPeerElsewhere)
        ? (int)Math.Max(0, (_pause - Stopwatch.GetElapsedTime(_last)).TotalMilliseconds + 1)
        : Timeout.Infinite;

    /// <summary>Returns the veths that have changed; none before the next poll is due.</summary>
    public IReadOnlyList<uint> Changed(InterfaceTable table)
    {
        if (Stopwatch.GetElapsedTime(_last) < _pause)
            return [];
        var started = ThreadTime();
        uint[] changed = [.. table.All.Where(i => LinkQueries.HasPeerElsewhere(i) && HasChanged(i)).Select(i => i.Ifindex)];
        _last = Stopwatch.GetTimestamp();
        _pause = PauseAfter(ThreadTime() - started);
        return changed;
    }

    /// <summary>Returns the time until the next poll.</summary>
    /// <param name="took">The processor time of the last one. The time on the clock says nothing: a busy machine lets the thread wait.</param>
    internal static TimeSpan PauseAfter(TimeSpan took) => took * DutyCycle > Period ? took * DutyCycle : Period;

    /// <summary>Returns the processor time of this thread.</summary>
    internal static unsafe TimeSpan ThreadTime()
    {
        var time = stackalloc long[2];
        KernelCall.Check(KernelCall.FromLibc(Libc.clock_gettime(Libc.CLOCK_THREAD_CPUTIME_ID, time)), "clock_gettime");
        return TimeSpan.FromSeconds(time[0]) + TimeSpan.FromMicroseconds(time[1] / 1000.0);
    }

    // The largest MTU of a peer follows from XDP on our own end, where a change is known or is a matter for the audit.
    private bool HasChanged(InterfaceInfo info) => queries.WithPeer(info) with { PeerMaxMtu = info.PeerMaxMtu } != info;
}
