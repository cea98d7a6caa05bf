using System.Collections.Frozen;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Apply;
using ControlPlane.Core.Writing.Commands;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Loop;

/// <summary>The loop: batches, planned, committed, applied, answered.</summary>
internal sealed partial class DevmapWriter
{
    private static readonly TimeSpan LinkRetry = TimeSpan.FromSeconds(1);

    // The revision of the last commit.
    private long _committed;
    private bool _storeHasWork;

    private void Loop(IReadOnlyList<DevmapRecord> devmaps)
    {
        try
        {
            var scope = new WriterScope(granted: true);
            _state.Announce(InFlight.Of(FrozenSet<ElementId>.Empty));
            _links.Watch(_kernel.Interfaces);
            _context.Refresh();
            Startup.Run(scope, new StartContext(_context, _kernel, _state, _executor, _logger), _store, devmaps);
            Restore();
            // Programs that the start has loaded again are no changes.
            _context.Changes.Clear();
            _context.State.Publish(_context.PlannedRevision, _context.Now);
            _log.Begin(_context.PlannedRevision);
            _committed = _context.PlannedRevision;
            SettleHistory();
            WakeForDue();
            _opened.TrySetResult();
            while (WaitForWork())
                RunBatch(scope);
            FailUnanswered(new ControlPlaneException(RequestErrors.StopsBeforeTheEnd()));
            _log.Close();
            WriterLog.Stopped(_logger, _refused);
            _ended.TrySetResult();
        }
#pragma warning disable CA1031 // Any exception must reach the caller that waits for the start, or end the daemon.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Die(e);
        }
    }

    private bool WaitForWork() => ((_jobs.Count > 0 || _held.Count > 0 || _storeHasWork || HasMadeCandidate) && !_refuseRest) || _queue.Wait();

    private void RunBatch(WriterScope scope)
    {
        SubmitDue();
        var waiting = new Queue<WriterCommand>();
        for (var weight = 0; weight < _options.MaxBatch && _queue.TryTake(out var command);)
        {
            if (_refuseRest)
            {
                Refuse(command);
            }
            else if (command.TryBegin())
            {
                waiting.Enqueue(command);
                weight += command.Weight;
            }
        }

        var batch = new Batch();
        try
        {
            // The names first: what changes between the two is in the table, and is followed again.
            var changed = _links.Take(_context.Following);
            if (ReadInterfaces())
                Follow(changed);
            TakeMadeCandidates(scope);
            RunSlice(scope);
            TakeHeld(waiting);
            while (waiting.TryPeek(out var command))
            {
                if (!TryPlan(scope, command, batch))
                {
                    Flush(scope, batch);
                    batch = new Batch();
                    ReadInterfaces();
                    continue;
                }

                waiting.Dequeue();
            }

            Flush(scope, batch);
            WakeForDue();
            AnswerTurn();
            _storeHasWork = _store.Settle();
        }
        catch (StoreOutcomeException e)
        {
            foreach (var (command, _) in batch.Planned)
                command.Fail(new ControlPlaneException(RequestErrors.StoreOutcomeUnknown(e.Message), e));
            foreach (var command in waiting)
                command.Fail(ShuttingDown());
            throw;
        }
        catch (Exception e)
        {
            foreach (var command in batch.Planned.Select(p => p.Command).Concat(waiting))
                command.Fail(e);
            throw;
        }
        finally
        {
            Interlocked.Increment(ref _batches);
        }
    }

    /// <summary>Reads the interfaces, once for the batch; false if the kernel refuses. The batch then goes on with those that are known.</summary>
    private bool ReadInterfaces()
    {
        try
        {
            _context.Refresh();
            _kernelProblem = null;
            return true;
        }
        catch (KernelException e)
        {
            KernelRefuses(e);
            RetryLinks();
            return false;
        }
    }

    /// <summary>Plans a command as part of the batch; false if the batch must be flushed before the command can be judged.</summary>
    private bool TryPlan(WriterScope scope, WriterCommand command, Batch batch)
    {
        try
        {
            if (command.MustWait(_context))
            {
                Hold(command);
                return true;
            }

            if (command.Plan(_context) is not { } plan)
                return true;
            if (!command.IsOfPendingTable && _state.Pending.FindRefusal(plan.Devmaps) is { } pending)
                throw new ControlPlaneException(pending);
            if (!batch.Fits(_context, plan.Footprint))
                return false;
            if (plan.Candidate is { } table)
                BeginCandidate(scope, command, table);
            else
                batch.Add(command, plan);
            return true;
        }
        catch (Exception e) when (e is ControlPlaneException or KernelException)
        {
            // The batch may be about to change just what the command lacks.
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
        _logger.WorksFor(batch.Planned.Select(p => p.Command));
        try
        {
            Commit(batch.Store);
        }
        catch (StoreException e)
        {
            StoreRefuses(e);
            var error = StoreUnavailable(e);
            foreach (var (command, _) in batch.Planned)
                command.Fail(error);
            _logger.WorksFor([]);
            return;
        }

        // The commit can take long. The kernel's present view of interfaces decides, not the one before.
        var planned = _context.Interfaces;
        ReadInterfaces();
        var renew = !ReferenceEquals(planned, _context.Interfaces);
        _state.Announce(InFlight.Of(batch.Elements));
        var revert = new List<StoreChange>();
        var applied = new List<(WriterCommand Command, WritePlan Plan, IReadOnlyList<Placement> Placements)>(batch.Planned.Count);
        foreach (var (command, plan) in batch.Planned)
        {
            _logger.WorksFor([command]);
            try
            {
                applied.Add((command, plan, _executor.Apply(scope, plan, renew)));
                if (plan.ChangesState)
                    command.ChangedRevision = plan.Revision;
            }
            catch (ControlPlaneException e)
            {
                command.Refuse(e);
                revert.AddRange(plan.Revert(OriginOf(command, e.Error)));
            }
        }

        _logger.WorksFor(applied.Where(a => a.Plan.Converge.Count > 0).Select(a => a.Command));
        var refused = _reconciler.Converge(scope, [.. applied.SelectMany(a => a.Plan.Converge)]);
        foreach (var (command, plan, placements) in applied)
        {
            if (plan.Rest.Count > 0)
                _jobs.Enqueue(JobOf(command, plan, placements));
            else
                command.Conclude(_context, new Outcome(placements, plan.Revision, refused));
        }

        // A revision of a plan that was not committed is never shown: the next life of the daemon can give it to another change.
        Publish(Math.Max(_committed, _state.Current.Revision));
        if (revert.Count > 0)
            SetBack(revert);
        SettleHistory();
        _logger.WorksFor([]);
        Interlocked.Add(ref _commands, batch.Planned.Count);
        foreach (var (command, plan) in batch.Planned)
        {
            if (plan.Rest.Count == 0)
                command.Complete();
        }
    }

    private void Commit(List<StoreChange> changes)
    {
        changes.InsertRange(0, _owed);
        if (changes.Count == 0)
            return;
        _store.Commit(new StoreBatch(_context.PlannedRevision, changes) { Time = _context.Now });
        _committed = _context.PlannedRevision;
        StoreWorks();
        _owed.Clear();
    }

    // A change that the kernel refused must not stay in the store. If the store fails just now, it is owed with the next commit.
    private void SetBack(List<StoreChange> refused)
    {
        var revision = _context.NextRevision();
        CommitOrOwe([.. refused.Select(c => c with { Revision = revision })]);
    }

    private static ChangeOrigin OriginOf(WriterCommand command, Error refusal) => ChangeOrigin.Of(command.Request) with { TakesBack = refusal.Detail };

    private void CommitOrOwe(List<StoreChange> refused)
    {
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

    // Readers of the history must not see a change that the kernel refused before they see that it was taken back.
    private void SettleHistory()
    {
        if (_owed.Count == 0)
            _history.Settle(_context.PlannedRevision);
    }

    // The inbox wakes the loop for its first change alone, and it may still hold some.
    private void RetryLinks() => _ = Task.Delay(LinkRetry).ContinueWith(
        _ =>
        {
            _links.AddEverything();
            _queue.Wake();
        },
        TaskScheduler.Default);

    // Readers see the batch at once and whole; watchers get their events after that.
    private void Publish(long revision)
    {
        _context.State.Publish(revision, _context.Now);
        _log.Append(_context.Changes, revision);
        _context.Changes.Clear();
    }

    private void Die(Exception e)
    {
        CloseQueue();
        _log.Close();
        _opened.TrySetException(e);
        if (!_reconciled.TrySetException(e))
            WriterLog.LoopDied(_logger, e);
        while (_queue.TryTake(out var command))
            Refuse(command);
        FailUnanswered(e is StoreOutcomeException ? new ControlPlaneException(RequestErrors.StoreOutcomeUnknown(e.Message), e) : e);
        Interlocked.Exchange(ref _turn, null)?.TrySetException(e);

        _ended.TrySetException(e);
    }
}
