namespace ControlPlane.Daemon.Hosting;

/// <summary>
/// Gives memory back to the system after a load. The collector keeps what it has committed until its next full collection, which a daemon
/// without work never has.
/// </summary>
internal sealed class MemoryReturn(LastRequests requests, ManagedHeap heap, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    private readonly HeapKeeper _keeper = new(heap);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            _keeper.Look(requests.Begun);
    }
}

/// <summary>Decides when the heap is compacted: after a load, and once for each.</summary>
internal sealed class HeapKeeper(ManagedHeap heap)
{
    /// <summary>The requests between two looks below which the daemon has no load. Probes and its own requests are fewer.</summary>
    public const int FewRequests = 100;

    /// <summary>The committed bytes that are always kept.</summary>
    public const long Least = 64L << 20;

    private long _begun;
    private (long Collections, long Committed) _after;

    /// <summary>Looks at the heap, and compacts it if it has grown and the daemon has no load now: a compaction holds all threads for some milliseconds.</summary>
    /// <param name="begun">The requests since the start.</param>
    public void Look(long begun)
    {
        var hasLoad = begun - _begun >= FewRequests;
        _begun = begun;
        var (collections, committed) = heap.Read();
        if (hasLoad || collections == _after.Collections || committed < Math.Max(Least, 2 * _after.Committed))
            return;
        heap.Compact();
        _after = heap.Read();
    }
}

/// <summary>The heap of the process.</summary>
internal class ManagedHeap
{
    /// <summary>Returns how many collections there were, and what was committed at the end of the last one, in bytes.</summary>
    public virtual (long Collections, long Committed) Read()
    {
        var info = GC.GetGCMemoryInfo(GCKind.Any);
        return (info.Index, info.TotalCommittedBytes);
    }

    /// <summary>Compacts the heap and gives back what it does not need.</summary>
    public virtual void Compact() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
}
