namespace ControlPlane.Core.Writing.Loop;

/// <summary>How the writer takes its work.</summary>
public sealed record WriterOptions
{
    /// <summary>Most commands that may wait; one more is refused with <c>writer_busy</c>. 1 .. 1,048,576.</summary>
    public int QueueCapacity { get; init; } = 8192;

    /// <summary>How long the writer works on a job before the commands have their turn. A slice ends after the step in which this is over.</summary>
    public TimeSpan Slice { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>The most commands of one caller that may wait. 1 .. 1,048,576.</summary>
    public int QueuePerCaller { get; init; } = 4096;

    /// <summary>Most commands taken in one batch. 1 .. 65,536.</summary>
    public int MaxBatch { get; init; } = 1024;
}
