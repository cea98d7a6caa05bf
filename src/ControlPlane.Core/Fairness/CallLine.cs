using ControlPlane.Core.Model;

namespace ControlPlane.Core.Fairness;

/// <summary>Lets calls that are marked with one key happen one after the other, in the order in which they came.</summary>
internal sealed class CallLine
{
    private readonly Lock _lock = new();
    private readonly Dictionary<CallId, Task> _last = [];

    /// <summary>Waits until the calls before have ended. Disposing of the result ends this one.</summary>
    public async Task<IDisposable> EnterAsync(CallId id, CancellationToken cancellation)
    {
        var own = new Turn(this, id);
        Task? before;
        lock (_lock)
        {
            before = _last.GetValueOrDefault(id);
            _last[id] = own.Ended;
        }

        try
        {
            if (before is not null)
                await before.WaitAsync(cancellation);
            return own;
        }
        catch (OperationCanceledException)
        {
            // The next one still waits for those before.
            _ = before!.ContinueWith(_ => own.Dispose(), TaskScheduler.Default);
            throw;
        }
    }

    private void End(CallId id, Task ended)
    {
        lock (_lock)
        {
            if (_last.GetValueOrDefault(id) == ended)
                _last.Remove(id);
        }
    }

    private sealed class Turn(CallLine line, CallId id) : IDisposable
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Ended => _ended.Task;

        public void Dispose()
        {
            line.End(id, Ended);
            _ended.TrySetResult();
        }
    }
}
