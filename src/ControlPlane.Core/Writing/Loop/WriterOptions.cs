using ControlPlane.Core.Model;

namespace ControlPlane.Core.Writing.Loop;

/// <summary>How the writer takes its work.</summary>
public sealed record WriterOptions
{
    /// <summary>Most writes that may wait; one more is refused with <c>writer_busy</c>. 1 .. 1,048,576.</summary>
    public int QueueCapacity { get; init; } = 8192;

    /// <summary>How long the writer works on a job before the commands have their turn. A slice ends after the step in which this is over.</summary>
    public TimeSpan Slice { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>The most writes of one caller that may wait; never more than half of <see cref="QueueCapacity"/>. 1 .. 1,048,576.</summary>
    public int QueuePerCaller { get; init; } = 4096;

    /// <summary>Most commands taken in one batch. 1 .. 65,536.</summary>
    public int MaxBatch { get; init; } = 1024;

    /// <summary>The places beyond the capacity that only root on the unix socket and the daemon itself can take.</summary>
    internal const int Reserve = 64;

    /// <summary>Returns how many writes of all callers may wait before one of this caller is refused.</summary>
    internal int MostFor(Caller caller) => QueueCapacity + ReserveFor(caller);

    /// <summary>Returns how many writes of a caller may wait: one caller cannot fill the queue.</summary>
    internal int MostOf(Caller caller) => Math.Min(QueuePerCaller, Math.Max(1, QueueCapacity / 2) + ReserveFor(caller));

    private static int ReserveFor(Caller caller) => caller.IsDaemon || caller.IsRoot ? Reserve : 0;
}
