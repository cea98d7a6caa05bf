using ControlPlane.Core.Errors;
using ControlPlane.Core.Fairness;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Apply;
using ControlPlane.Core.Writing.Commands;
using ControlPlane.Core.Writing.Plan;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Core.Writing.Loop;

/// <summary>The one writer: a bounded queue and a dedicated thread that alone changes the kernel.</summary>
internal sealed partial class DevmapWriter : IDisposable
{
    private readonly WriterOptions _options;
    private readonly IKernel _kernel;
    private readonly IStore _store;
    private readonly List<StoreChange> _owed = [];
    private readonly ControlPlaneState _state;
    private readonly ChangeLog _log;
    private readonly ChangeHistory _history;
    private readonly CommandLogger _logger;
    private readonly ILogger _changes;
    private readonly TimeProvider _time;
    private readonly PlanContext _context;
    private readonly StepRunner _runner;
    private readonly Executor _executor;
    private readonly Reconciler _reconciler;
    private readonly WriterQueue _queue;
    private readonly LinkChangeInbox _links;
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _reconciled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Thread? _thread;
    private volatile bool _refuseRest;
    private long _batches;
    private long _commands;
    private int _refused;

    public DevmapWriter(WriterOptions options, IKernel kernel, IStore store, ControlPlaneState state, ChangeLog log, ChangeHistory history, TimeProvider time, ILogger<DevmapWriter> logger)
    {
        (_options, _kernel, _store, _state, _log, _history, _logger, _changes, _time) = (options, kernel, store, state, log, history, new CommandLogger(logger), logger, time);
        _context = new PlanContext(state, kernel, time);
        _runner = new StepRunner(_context, kernel, state.Handles);
        _executor = new Executor(_context, state, _runner, _logger);
        _reconciler = new Reconciler(_context, _executor, _runner, change => Commit([change]), _logger);
        _queue = new WriterQueue(options);
        _links = new LinkChangeInbox(_queue.Wake);
        _due = time.CreateTimer(_ => DueHasCome(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Ends when the loop has ended; faulted when it died of an exception, upon which the host must stop.</summary>
    public Task Completion => _ended.Task;

    /// <summary>Ends when the desired state is known and commands are taken. The kernel may not have all of it yet.</summary>
    public Task Opened => _opened.Task;

    /// <summary>Writes that wait now.</summary>
    public int QueueLength => _queue.Count;

    /// <summary>Commands that were refused because too many waited.</summary>
    public RefusalCounts Refused => _queue.Refused;

    /// <summary>Batches taken since the start.</summary>
    public long Batches => Volatile.Read(ref _batches);

    /// <summary>Commands executed since the start.</summary>
    public long Commands => Volatile.Read(ref _commands);

    /// <summary>Opens the devmaps, adopts what is pinned, and begins to take commands. Returns when the kernel has all as desired.</summary>
    /// <exception cref="ControlPlaneException">The pinned objects differ from the definitions.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public Task StartAsync(IReadOnlyList<DevmapRecord> devmaps, CancellationToken cancellationToken)
    {
        // A thread of its own: it blocks in system calls, and it must stay in the network namespace the daemon started in.
        _thread = new Thread(() => Loop(devmaps)) { Name = "devmap-writer", IsBackground = true };
        _thread.Start();
        return _reconciled.Task.WaitAsync(cancellationToken);
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
        _due.Dispose();
        _state.Handles.Dispose();
    }

    /// <summary>Returns the reason if a command of a caller would be refused now; null if there is a place for it.</summary>
    internal Error? FindRefusal(Caller caller) => _queue.FindRefusal(caller);

    /// <summary>Returns how many writes of a caller may wait.</summary>
    internal int ShareOf(Caller caller) => _options.MostOf(caller);

    /// <summary>Gives the writer a command and waits for the answer.</summary>
    /// <exception cref="ControlPlaneException">The command failed; or <see cref="ErrorCode.WriterBusy"/>, <see cref="ErrorCode.ShuttingDown"/>.</exception>
    internal async Task<TResult> SubmitAsync<TResult>(WriterCommand<TResult> command, RequestContext request)
    {
        command.Request = request;
        if (_queue.Add(command) is { } refusal)
            throw new ControlPlaneException(refusal);
        var result = await command.WaitAsync(request.Cancellation);
        // Here and not on the writer's thread: no other write waits for the log. A change of somebody who has not waited is logged too.
        if (command is { ChangedRevision: { } revision, Change: { } change } && _changes.IsEnabled(LogLevel.Information))
            WriterLog.Changed(_changes, change, revision, request.Caller.ToString(), request.Caller.From);
        return result;
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
        _links.Dispose();
        _queue.Close();
    }

    private static ControlPlaneException ShuttingDown() => new(RequestErrors.ShuttingDown());

    private static ControlPlaneException StoreUnavailable(StoreException e) =>
        new(e.FilesLost ? RequestErrors.StoreLost(e.Message) : RequestErrors.StoreUnavailable(e.Message), e);
}
