using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Core.Writing;

/// <summary>The loop: batches, planned, committed, applied, answered.</summary>
public sealed partial class DevmapWriter
{
    private static readonly TimeSpan LinkRetry = TimeSpan.FromSeconds(1);

    private void Loop(IReadOnlyList<DevmapRecord> devmaps)
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
        PassPrograms.Run(scope, _context);
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
        try
        {
            LinkReconciliation.Reconcile(scope, _context, names);
            _context.TargetsToEnsure.UnionWith(names);
            PassPrograms.Run(scope, _context);
        }
        catch (KernelException e) when (_started.Task.IsCompleted)
        {
            // Some of it may be done, and all of it may be done again.
            WriterLog.LinksNotReconciled(_logger, LinkRetry.TotalSeconds, e);
            _ = Task.Delay(LinkRetry).ContinueWith(_ => _links.AddEverything(), TaskScheduler.Default);
        }

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
}
