namespace ControlPlane.Core.Writing.Loop;

/// <summary>How the writer takes its work.</summary>
public sealed record WriterOptions
{
    /// <summary>Most commands that may wait; one more is refused with <c>writer_busy</c>. 1 .. 1,048,576.</summary>
    public int QueueCapacity { get; init; } = 8192;

    /// <summary>Most commands taken in one batch. 1 .. 65,536.</summary>
    public int MaxBatch { get; init; } = 1024;
}
