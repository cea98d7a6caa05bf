using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Ports;

/// <summary>Real frames that the daemon itself sends through a redirect program (<c>BPF_F_TEST_XDP_LIVE_FRAMES</c>, since Linux 5.18).</summary>
public interface ILiveFrames
{
    /// <summary>The largest number of frames of one call: one batch for the kernel, which nothing interrupts, and room for it in the ring of a veth (256).</summary>
    const int MaxFrames = 100;

    /// <summary>The longest frame, in bytes from the Ethernet header on: a frame and its bookkeeping must fit into one page.</summary>
    const int MaxBytes = 3072;

    /// <summary>Whether this host can send and follow such frames, and if not, why.</summary>
    KernelFeature Feature { get; }

    /// <summary>
    /// Begins to follow frames: attaches programs to the kernel's tracepoints, until the result is disposed. Safe on any thread. It takes
    /// milliseconds, so it is not for the writer's thread.
    /// </summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    ILiveFrameRun Begin();
}

/// <summary>One sending of frames, and their fates. Not for two threads at a time.</summary>
public interface ILiveFrameRun : IDisposable
{
    /// <summary>
    /// Runs the program of a link on copies of a frame and lets the kernel do what the program says. A frame whose key has no element takes the miss
    /// action: the caller looks before. Returns when all frames have left or are dropped.
    /// </summary>
    /// <param name="scope">The writer's permission.</param>
    /// <param name="order">The frames.</param>
    /// <exception cref="KernelException">
    /// The kernel refused: ENODEV: the ingress no longer exists. EINVAL: the ingress is down or has no native XDP, or the frame is longer than <see cref="ILiveFrames.MaxBytes"/>.
    /// ENOENT: the program of the link is none of the devmap's.
    /// </exception>
    LiveFrameFates Send(WriterScope scope, LiveFrameOrder order);
}

/// <summary>Frames to send.</summary>
/// <param name="Devmap">The name of the devmap.</param>
/// <param name="KernelKey">The key that the frames have.</param>
/// <param name="Ingress">The link in native mode whose program runs on them.</param>
/// <param name="Target">The ifindex that the element of the key points at.</param>
/// <param name="Frame">One frame, from the Ethernet header on, without checksum of the link.</param>
/// <param name="Count">How many copies, 1 .. <see cref="ILiveFrames.MaxFrames"/>.</param>
public sealed record LiveFrameOrder(string Devmap, uint KernelKey, DevmapLink Ingress, uint Target, ReadOnlyMemory<byte> Frame, int Count);

/// <summary>
/// The fates of frames that were sent. Other frames from the same ingress to the same target can be among them, if they arrive on the same CPU in the same
/// microseconds: then the sum is higher than the number that was sent.
/// </summary>
/// <param name="Sent">Frames that the target's driver took.</param>
/// <param name="Dropped">Frames that were dropped on their way out, by the egress program or the driver (tracepoint <c>xdp_devmap_xmit</c>).</param>
/// <param name="DropErrno">The errno of the last of these; 0 where the kernel gives none.</param>
/// <param name="Refused">Frames that the kernel refused before the target's driver saw them (tracepoint <c>xdp_redirect_err</c>).</param>
/// <param name="RefusalErrno">The errno of the last of these.</param>
public readonly record struct LiveFrameFates(ulong Sent, ulong Dropped, int DropErrno, ulong Refused, int RefusalErrno);

/// <summary>The live frames of a kernel that has none.</summary>
public sealed class NoLiveFrames : ILiveFrames
{
    private NoLiveFrames()
    {
    }

    /// <summary>The one instance.</summary>
    public static NoLiveFrames Instance { get; } = new();

    /// <inheritdoc/>
    public KernelFeature Feature { get; } = new(KernelFeatureNames.LiveFrames, false, "5.18", "this kernel sends no frames of its own");

    /// <inheritdoc/>
    public ILiveFrameRun Begin() => throw new KernelException("live frames", Errno.EOPNOTSUPP, "EOPNOTSUPP (Operation not supported)");
}
