using ControlPlane.Core.Errors;
using ControlPlane.Core.Fairness;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;

namespace ControlPlane.Core.Waiting;

/// <summary>Begins waits. A call begins its wait before it writes: a call that could not wait writes nothing.</summary>
internal sealed class EntryWaits(
    ControlPlaneState state, ChangeLog log, IKernel kernel, StatusEvaluators evaluators, PageGate gate, IWaitPlaces places, TimeProvider time) : IDisposable
{
    // Facts that no notification tells of are seen after this.
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LeastRest = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan MostRest = TimeSpan.FromSeconds(2);

    // A wait takes at most a tenth of one processor.
    private const int RestPerLook = 10;

    private readonly Lock _lock = new();
    private IDisposable? _subscription;
    private TaskCompletionSource _linksMoved = NewSignal();

    /// <summary>Begins a wait, and takes its place; null if the call does not wait.</summary>
    /// <param name="options">The options, validated.</param>
    /// <param name="request">The request. Its cancellation ends the wait.</param>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.TooManyStreams"/>.</exception>
    public EntryWait? Begin(WaitOptions options, RequestContext request)
    {
        if (options.For is null)
            return null;
        FollowLinks();
        return new EntryWait(this, places.Enter(request.Caller), options.Timeout ?? WaitOptions.DefaultTimeout, request);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
            _subscription?.Dispose();
    }

    /// <summary>Waits until a selection has the state, or the time is over.</summary>
    internal async Task<WaitResult> RunAsync(EntrySelection selection, TimeSpan timeout, RequestContext request)
    {
        var look = new EntryLook(selection, state, evaluators, kernel);
        var started = time.GetTimestamp();
        while (true)
        {
            // Before the look: a change while it goes on leads to another look.
            var (head, links, begun) = (log.Current, Volatile.Read(ref _linksMoved).Task, time.GetTimestamp());
            var isLast = head.IsLast || time.GetElapsedTime(started) >= timeout;
            if (isLast || !look.IsBehind())
            {
                using var place = await gate.EnterAsync(request.Caller.Account, request.Cancellation);
                if (look.Walk(isLast, request.Cancellation) is { } result)
                    return result with { IsStopped = head.IsLast };
            }

            var left = timeout - time.GetElapsedTime(started);
            var rest = Clamp(time.GetElapsedTime(begun) * RestPerLook, LeastRest, Min(MostRest, left));
            await SleepAsync(head, links, rest, Min(left - rest, Poll), request.Cancellation);
        }
    }

    private async Task SleepAsync(ChangeLog.Head head, Task links, TimeSpan rest, TimeSpan longest, CancellationToken cancellation)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation, log.Closed);
        await Task.Delay(rest, time, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Task moved = Task.WhenAny(head.Moved, links);
        if (longest > TimeSpan.Zero)
            await moved.WaitAsync(longest, time, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellation.ThrowIfCancellationRequested();
    }

    // The writer reports changes of interfaces when it has followed them, and only those of targets, keys and attachments.
    private void FollowLinks()
    {
        lock (_lock)
            _subscription ??= kernel.Interfaces.Watch(_ => Interlocked.Exchange(ref _linksMoved, NewSignal()).TrySetResult());
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static TimeSpan Clamp(TimeSpan value, TimeSpan least, TimeSpan most)
    {
        var atLeast = value < least ? least : value;
        return atLeast > most ? most < TimeSpan.Zero ? TimeSpan.Zero : most : atLeast;
    }
}

/// <summary>A wait of one call, with its place. It can be run once; disposing of it gives the place back.</summary>
internal sealed class EntryWait(EntryWaits waits, IDisposable place, TimeSpan timeout, RequestContext request) : IDisposable
{
    /// <summary>Waits until the entries forward, or the time is over, or the daemon stops. The time begins now.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.DevmapNotFound"/>: a devmap that the selection names does not exist.</exception>
    /// <exception cref="OperationCanceledException">The caller has disconnected.</exception>
    public Task<WaitResult> RunAsync(EntrySelection selection) => waits.RunAsync(selection, timeout, request);

    /// <inheritdoc/>
    public void Dispose() => place.Dispose();
}
