namespace ControlPlane.Core.State;

/// <summary>
/// The last changes over all devmaps, in a ring. The writer appends and never waits; watchers read by position, so that none
/// of them holds anything back or has a queue of its own that could grow. A watcher that the ring has overtaken finds that out.
/// </summary>
internal sealed class ChangeLog(int capacity) : IDisposable
{
    private readonly Change?[] _ring = new Change?[capacity];
    private readonly CancellationTokenSource _closed = new();
    private long _floor;
    private long _lost;
    private Head _head = new(0, 0, false);

    /// <summary>How far the log goes now.</summary>
    public Head Current => Volatile.Read(ref _head);

    /// <summary>Cancelled when no more changes will come.</summary>
    public CancellationToken Closed => _closed.Token;

    /// <summary>The least revision that can be resumed from: all that came after it is in the ring.</summary>
    public long Floor => Volatile.Read(ref _floor);

    /// <summary>Begins an empty log at this revision. For the writer only, as all that changes the log.</summary>
    public void Begin(long revision)
    {
        Volatile.Write(ref _floor, revision);
        Volatile.Write(ref _lost, revision);
        Publish(new Head(0, revision, false));
    }

    /// <summary>Appends changes that are applied, in the order of their revisions, and wakes the watchers.</summary>
    /// <param name="changes">The changes; there may be none.</param>
    /// <param name="revision">The revision after them, which may be that of a change that belongs to no devmap.</param>
    public void Append(List<Change> changes, long revision)
    {
        var head = Current;
        if (changes.Count == 0 && revision == head.Revision)
            return;
        var position = head.Position;
        foreach (var change in changes)
        {
            ref var slot = ref _ring[position % _ring.Length];
            // The floor rises before the change goes: who reads the floor last cannot be wrong about what is there.
            if (slot is not null)
            {
                Volatile.Write(ref _floor, Math.Max(_floor, slot.Covers));
                Volatile.Write(ref _lost, Math.Max(_lost, slot.Revision));
            }

            change.Position = position++;
            Volatile.Write(ref slot, change);
        }

        Publish(new Head(position, revision, false));
    }

    /// <summary>No more changes will come. May be called more than once.</summary>
    public void Close()
    {
        var head = Current;
        if (head.IsLast)
            return;
        Publish(new Head(head.Position, head.Revision, true));
        // Not on this thread: what hangs on the token is the watchers' business.
        _ = _closed.CancelAsync();
    }

    /// <summary>The change at a position below that of the head; null when newer ones have taken its place.</summary>
    public Change? Read(long position) =>
        Volatile.Read(ref _ring[position % _ring.Length]) is { } change && change.Position == position ? change : null;

    /// <summary>The position of the first change that the holder of a revision has not seen; null when it is no longer in the ring.</summary>
    public long? PositionAfter(long revision)
    {
        var position = Find(revision);
        return revision >= Floor ? position : null;
    }

    /// <summary>
    /// The position after which the ring has every change of the desired state that the holder of a revision has not seen; null if it has not. Changes
    /// of status alone may be missing.
    /// </summary>
    public long? PositionOfChangesAfter(long revision)
    {
        var position = Find(revision);
        return revision >= Volatile.Read(ref _lost) ? position : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Close();
        _closed.Dispose();
    }

    private long Find(long revision)
    {
        var end = Current.Position;
        var low = Math.Max(0, end - _ring.Length);
        var high = end;
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            // A change that has just been overwritten came before all that are still here.
            if (Read(middle) is { } change && change.Covers > revision)
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }

    private void Publish(Head head)
    {
        var before = _head;
        Volatile.Write(ref _head, head);
        before.MarkMoved();
    }

    /// <summary>How far the log goes: all changes up to the revision are below the position, and only those.</summary>
    /// <param name="position">The position after that of the last change.</param>
    /// <param name="revision">The revision after it.</param>
    /// <param name="isLast">Whether nothing more will come.</param>
    internal sealed class Head(long position, long revision, bool isLast)
    {
        // Watchers go on elsewhere: the writer's thread serves the kernel.
        private readonly TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public long Position => position;

        public long Revision => revision;

        public bool IsLast => isLast;

        /// <summary>Ends when there is a newer head.</summary>
        public Task Moved => _moved.Task;

        public void MarkMoved() => _moved.TrySetResult();
    }
}
