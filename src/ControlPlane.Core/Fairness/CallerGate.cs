using ControlPlane.Core.Model;

namespace ControlPlane.Core.Fairness;

/// <summary>Lets few at a time do work that keeps a processor busy. The others wait, without a thread, and callers take turns.</summary>
/// <param name="places">The number of those who work at a time.</param>
internal class CallerGate(int places)
{
    private readonly Lock _lock = new();
    private readonly CallerTurns<Waiter> _waiting = new();
    private int _free = places;

    /// <summary>The number of those that wait.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
                return _waiting.Count;
        }
    }

    /// <summary>Waits for a place. Disposing of the result gives it back.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <param name="line">The line of the caller, for instance a connection; null if the caller has only one.</param>
    public ValueTask<Place> EnterAsync(CallerAccount caller, CancellationToken cancellation, object? line = null)
    {
        if (cancellation.IsCancellationRequested)
            return ValueTask.FromCanceled<Place>(cancellation);
        Waiter waiter;
        lock (_lock)
        {
            if (_free > 0)
            {
                _free--;
                return new ValueTask<Place>(new Place(this));
            }

            _waiting.Add(caller, waiter = new Waiter(this), line);
        }

        return new ValueTask<Place>(WaitAsync(waiter, cancellation));
    }

    private static async Task<Place> WaitAsync(Waiter waiter, CancellationToken cancellation)
    {
        await using var registration = cancellation.UnsafeRegister(static (waiter, token) => ((Waiter)waiter!).TrySetCanceled(token), waiter);
        return await waiter.Task;
    }

    private void Leave()
    {
        Waiter? next;
        lock (_lock)
        {
            if (!_waiting.TryTake(out next))
                _free++;
        }

        // In the queue of the whole pool: in that of this thread, those who wait here would go before everything else.
        if (next is not null)
            ThreadPool.UnsafeQueueUserWorkItem(static waiter => waiter.Enter(), next, preferLocal: false);
    }

    /// <summary>A place in the gate. It is given back once.</summary>
    public readonly struct Place(CallerGate gate) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose() => gate.Leave();
    }

    private sealed class Waiter(CallerGate gate) : TaskCompletionSource<Place>
    {
        // A waiter that was cancelled takes no place.
        public void Enter()
        {
            if (!TrySetResult(new Place(gate)))
                gate.Leave();
        }
    }
}

/// <summary>
/// The gate of work that takes milliseconds: to render a page of a snapshot or of a list. Half of the processors do it, so that others are
/// free for short requests.
/// </summary>
internal sealed class PageGate() : CallerGate(Math.Max(1, Environment.ProcessorCount / 2));
