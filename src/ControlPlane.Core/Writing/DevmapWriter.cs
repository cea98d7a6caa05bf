using System.Threading.Channels;
using ControlPlane.Core.Devmaps;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Storing;
using ControlPlane.Core.Watching;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Core.Writing;

/// <summary>The one writer: a bounded channel and a dedicated thread that alone changes the kernel.</summary>
public sealed class DevmapWriter : IDisposable
{
    private readonly WriterOptions _options;
    private readonly IKernel _kernel;
    private readonly IStore _store;
    private readonly List<StoreChange> _owed = [];
    private readonly ControlPlaneState _state;
    private readonly ChangeLog _log;
    private readonly ILogger<DevmapWriter> _logger;
    private readonly WriterContext _context;
    private readonly Channel<WriterCommand> _queue;
    private readonly LinkChangeInbox _links;
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Thread? _thread;
    private volatile bool _stopping;
    private volatile bool _refuseRest;
    private long _batches;
    private long _commands;
    private int _refused;

    internal DevmapWriter(WriterOptions options, IKernel kernel, IStore store, ControlPlaneState state, ChangeLog log, TimeProvider time, ILogger<DevmapWriter> logger)
    {
        (_options, _kernel, _store, _state, _log, _logger) = (options, kernel, store, state, log, logger);
        _context = new WriterContext(state, kernel, time, logger);
        _links = new LinkChangeInbox(Wake);

        // Bounded, and a full queue refuses at once: a caller who must wait longer than this queue lasts is better told so.
        // Continuations stay off the writer's thread, which serves nobody but the kernel.
        _queue = Channel.CreateBounded<WriterCommand>(new BoundedChannelOptions(options.QueueCapacity)
        {
            SingleReader = true,
            FullMode = BoundedChannelFullMode.Wait,
            AllowSynchronousContinuations = false,
        });
    }

    /// <summary>Ends when the loop has ended; faulted when it died of an exception, upon which the host must stop.</summary>
    public Task Completion => _ended.Task;

    /// <summary>Commands that wait now.</summary>
    public int QueueLength => _queue.Reader.Count;

    /// <summary>Batches taken since the start.</summary>
    public long Batches => Volatile.Read(ref _batches);

    /// <summary>Commands executed since the start.</summary>
    public long Commands => Volatile.Read(ref _commands);

    /// <summary>Opens the devmaps, adopts what is pinned, and begins to take commands. Returns when all is reconciled.</summary>
    /// <exception cref="ControlPlaneException">What is pinned does not fit the definitions.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public Task StartAsync(IReadOnlyList<DevmapDefinition> devmaps, CancellationToken cancellationToken)
    {
        // A thread of its own: it blocks in system calls, and it must stay in the network namespace the daemon started in.
        _thread = new Thread(() => Loop(devmaps)) { Name = "devmap-writer", IsBackground = true };
        _thread.Start();
        return _started.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Refuses new commands, drains what waits until <paramref name="drainTimeout"/>, fails the rest with <c>shutting_down</c>.</summary>
    /// <remarks>It does not throw: an exception that ended the loop stands in <see cref="Completion"/>.</remarks>
    public async Task StopAsync(TimeSpan drainTimeout)
    {
        CloseQueue();
        if (_thread is null)
            return;
        await Task.WhenAny(_ended.Task, Task.Delay(drainTimeout));
        _refuseRest = true;
        await Task.WhenAny(_ended.Task);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        CloseQueue();
        foreach (var devmap in _state.Devmaps.Values)
            devmap.Kernel.Dispose();
    }

    /// <summary>Gives the writer a command and waits for the answer.</summary>
    /// <exception cref="ControlPlaneException">The command failed; or <see cref="ErrorCode.WriterBusy"/>, <see cref="ErrorCode.ShuttingDown"/>.</exception>
    internal Task<TResult> SubmitAsync<TResult>(WriterCommand<TResult> command, CancellationToken cancellationToken)
    {
        if (_queue.Writer.TryWrite(command))
            return command.WaitAsync(cancellationToken);
        throw _stopping ? ShuttingDown() : Busy();
    }

    private void Loop(IReadOnlyList<DevmapDefinition> devmaps)
    {
        try
        {
            var scope = new WriterScope(granted: true);
            Startup.Run(scope, _context, _store, devmaps);
            _log.Begin(_state.Revision);
            _links.Watch(_kernel.Interfaces);
            _links.AddEverything();
            ReconcileLinks(scope);
            WriterLog.Ready(_logger);
            _started.TrySetResult();
            while (WaitForWork())
                RunBatch(scope);
            _log.Close();
            WriterLog.Stopped(_logger, _refused);
            _ended.TrySetResult();
        }
#pragma warning disable CA1031 // Whatever it is: it must reach whoever waits for the start, or end the daemon.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Die(e);
        }
    }

    private bool WaitForWork()
    {
        var waiting = _queue.Reader.WaitToReadAsync();
        return waiting.IsCompletedSuccessfully ? waiting.Result : waiting.AsTask().GetAwaiter().GetResult();
    }

    private void RunBatch(WriterScope scope)
    {
        var waiting = new Queue<WriterCommand>();
        while (waiting.Count < _options.MaxBatch && _queue.Reader.TryRead(out var command))
        {
            if (_refuseRest)
                Refuse(command);
            else if (command.TryBegin())
                waiting.Enqueue(command);
        }

        var batch = new Batch();
        try
        {
            ReconcileLinks(scope);
            while (waiting.TryPeek(out var command))
            {
                if (!TryPlan(command, batch))
                {
                    Flush(scope, batch);
                    batch = new Batch();
                    continue;
                }

                waiting.Dequeue();
            }

            Flush(scope, batch);
        }
        catch (Exception e)
        {
            foreach (var command in batch.Commands.Concat(waiting))
                command.Fail(e);
            throw;
        }
        finally
        {
            _context.ForgetInterfaces();
            Interlocked.Increment(ref _batches);
        }
    }

    /// <summary>Plans a command as part of the batch; false when the batch must be flushed before it can be judged.</summary>
    private bool TryPlan(WriterCommand command, Batch batch)
    {
        try
        {
            return command.TryPlan(_context, batch);
        }
        catch (Exception e) when (e is ControlPlaneException or KernelException)
        {
            // What the batch is about to change may be just what it lacks.
            if (!batch.IsEmpty)
                return false;
            command.Fail(e is KernelException refusal ? KernelErrors.Unforeseen(refusal) : e);
            return true;
        }
    }

    private void Flush(WriterScope scope, Batch batch)
    {
        if (batch.IsEmpty)
            return;
        try
        {
            Commit([.. batch.Store]);
        }
        catch (StoreException e)
        {
            WriterLog.StoreRefused(_logger, batch.Commands.Count, e);
            var error = StoreUnavailable(e);
            batch.Commands.ForEach(c => c.Fail(error));
            return;
        }

        var refused = new List<StoreChange>();
        foreach (var command in batch.Commands)
            refused.AddRange(command.Apply(scope, _context));
        if (refused.Count > 0)
            SetBack(refused);
        _state.Revision = _context.PlannedRevision;
        Tell();
        Interlocked.Add(ref _commands, batch.Commands.Count);
        batch.Commands.ForEach(c => c.Complete());
    }

    private void Commit(List<StoreChange> changes)
    {
        changes.InsertRange(0, _owed);
        if (changes.Count == 0)
            return;
        _store.Commit(new StoreBatch(_context.PlannedRevision, changes));
        _owed.Clear();
    }

    // What the kernel refused must not stay in the store. Should the store fail just now, it is owed with the next commit.
    private void SetBack(List<StoreChange> refused)
    {
        _context.NextRevision();
        _owed.AddRange(refused);
        try
        {
            Commit([]);
        }
        catch (StoreException e)
        {
            WriterLog.StoreNotSetBack(_logger, refused.Count, e);
        }
    }

    private void ReconcileLinks(WriterScope scope)
    {
        if (_links.Take() is not { } changes)
            return;
        _context.ForgetInterfaces();
        var names = changes.Everything ? LinkReconciliation.NamesInUse(_state) : changes.Names;
        WriterLog.LinksChanged(_logger, changes.Everything ? "all" : string.Join(' ', changes.Names));
        foreach (var name in names)
            LinkReconciliation.Reconcile(scope, _context, name);
        _context.ForgetInterfaces();
        Tell();
    }

    private void Tell()
    {
        _log.Append(_context.Changes, _state.Revision);
        _context.Changes.Clear();
    }

    // An empty command makes the loop turn; when the queue is full the loop turns anyway.
    private void Wake() => _queue.Writer.TryWrite(new WakeCommand());

    private void Die(Exception e)
    {
        CloseQueue();
        _log.Close();
        if (!_started.TrySetException(e))
            WriterLog.LoopDied(_logger, e);
        while (_queue.Reader.TryRead(out var command))
            Refuse(command);

        _ended.TrySetException(e);
    }

    private void Refuse(WriterCommand command)
    {
        if (!command.TryBegin())
            return;
        _refused++;
        command.Fail(ShuttingDown());
    }

    private void CloseQueue()
    {
        _stopping = true;
        _links.Dispose();
        _queue.Writer.TryComplete();
    }

    private static ControlPlaneException ShuttingDown() =>
        new(ErrorCode.ShuttingDown, "The daemon is shutting down and takes no more changes.");

    private static ControlPlaneException StoreUnavailable(StoreException e) =>
        new(
            new Error(ErrorCode.StoreUnavailable, $"The change cannot be made durable and was not made: {e.Message}")
            {
                RetryAfter = TimeSpan.FromSeconds(5),
                Remedy = "Give the store room or make it writable; then try again. Reads go on meanwhile.",
            },
            e);

    private ControlPlaneException Busy() =>
        new(new Error(ErrorCode.WriterBusy, $"{_options.QueueCapacity} changes are waiting already.")
        {
            RetryAfter = TimeSpan.FromSeconds(1),
            Remedy = "Try again later, or send fewer changes at once.",
        });
}
