using System.Collections.Frozen;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Fairness;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Apply;
using ControlPlane.Core.Writing.Commands;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Loop;

/// <summary>Long work beside the commands: a slice of one job in each turn, the jobs by turns.</summary>
internal sealed partial class DevmapWriter
{
    private readonly Queue<Job> _jobs = [];

    // Commands that wait for the end of the job of another command.
    private readonly CallerTurns<WriterCommand> _held = new(static c => c.Weight);
    private bool _commandJobHasEnded;

    /// <summary>Begins to bring into the kernel what the start has found in the store.</summary>
    private void Restore()
    {
        var job = _reconciler.Start();
        _context.State.IsRestoring = true;
        _context.Following.UnionWith(job.Names);
        _context.Reconciled = _context.Interfaces;
        _context.Gone.Observe(job.Names, _context.Interfaces, _context.PlannedRevision);
        _jobs.Enqueue(job);
    }

    /// <summary>Begins to follow the interfaces that have changed.</summary>
    private void Follow((LinkChanges Changes, IReadOnlySet<string> Later)? changed)
    {
        if (changed is not var (changes, later))
            return;
        IReadOnlyCollection<string> names = changes.Everything ? [.. _reconciler.NamesInUse().Except(later)] : changes.Names;
        WriterLog.LinksChanged(_logger, changes.Everything ? "all" : string.Join(' ', changes.Names));
        _context.Following.UnionWith(names);
        _context.Reconciled = _context.Interfaces;
        _context.Gone.Observe(names, _context.Interfaces, _context.PlannedRevision);
        var job = _reconciler.Follow(names, later);
        foreach (var devmap in _context.State.Devmaps)
            devmap.Building?.Follow(job.Names);
        _jobs.Enqueue(job);
    }

    /// <summary>Runs a slice of the job whose turn it is.</summary>
    private void RunSlice(WriterScope scope)
    {
        if (!_jobs.TryPeek(out var job))
            return;
        var command = (job as CommandJob)?.Command;
        _logger.WorksFor(command is null ? [] : [command]);
        _state.Announce(InFlight.Of(FrozenSet<ElementId>.Empty));
        var (started, revision) = (_time.GetTimestamp(), _state.Current.Revision);
        try
        {
            if (_reconciler.Run(scope, job, () => _time.GetElapsedTime(started) >= _options.Slice))
                _jobs.Enqueue(job);
            else
                revision = End(scope, job);
        }
        catch (KernelException e) when (job is not StartJob) // A start that cannot ask the kernel fails.
        {
            revision = Abandon(scope, job, e);
        }

        Publish(revision);
        SettleHistory();
        if (!_context.State.IsRestoring && _reconciled.TrySetResult())
            WriterLog.Ready(_logger);
        _jobs.Dequeue();
        _logger.WorksFor([]);
        if (command is not null && !Unanswered().Contains(command))
            command.Complete();
    }

    private static CommandJob JobOf(WriterCommand command, WritePlan plan, IReadOnlyList<Placement> placements) => command is IEndCommand
        ? new EndJob(command, placements, plan.Revision, plan.Rest)
        : placements is [Placement.OfDevmap devmap]
        ? new DevmapJob(command, devmap, plan.Revision, plan.Rest)
        : placements.OfType<Placement.OfTable>().Any()
            ? new TableJob(command, [.. placements.OfType<Placement.OfEntry>()], plan.Revision, plan.Rest)
            : new SwapJob(command, [.. placements.OfType<Placement.OfSwap>()], plan.Rest);

    /// <summary>Ends a job, and returns the revision to publish.</summary>
    private long End(WriterScope scope, Job job)
    {
        switch (job)
        {
            case LinkJob links:
                FollowPending(scope, links.Names);
                _context.State.IsRestoring &= job is not StartJob;
                Release(links);
                break;
            case SwapJob { Cause: null, Refusal: { } refusal } refused:
                return TakeBack(refused, refusal);
            case SwapJob swap:
                Conclude(swap);
                break;
            case TableJob { Cause: null, Refusal: { } refusal } refused:
                return TakeBack(scope, refused, refusal);
            case TableJob table:
                Conclude(table);
                break;
            case EndJob end:
                Conclude(end);
                break;
            case DevmapJob devmap:
                Conclude(devmap, [devmap.Devmap], devmap.Revision);
                break;
            case BuildJob build:
                EndBuild(scope, build);
                break;
        }

        return _state.Current.Revision;
    }

    // While a table waits for its confirmation, the one before follows the interfaces too: frames can go by it again at any moment.
    private void FollowPending(WriterScope scope, IReadOnlyCollection<string> names)
    {
        foreach (var (_, table) in _state.Pending.All.Where(t => t.Value is { IsSwitched: true, IsOver: false }))
        {
            var elements = table.Before.All()
                .Where(e => names.Contains(e.Record.Spec.Interface) || (e.Record.Key.InterfaceName is { } key && names.Contains(key)))
                .Select(e => (Key: Convergence.KernelKeyOf(_context, e.Record.Key), e.Record.Spec)).Where(e => e.Key is not null)
                .Select(e => (e.Key!.Value, PlannedElements.Of(e.Key, e.Spec, _context.Interfaces)?.Value)).ToList();
            if (elements.Count > 0)
                _executor.Place(scope, new Placement.OfObject([new KernelStep.FillTable(table, elements)]));
        }
    }

    // The interfaces that have changed meanwhile are followed now.
    private void Release(LinkJob job)
    {
        _context.Following.ExceptWith(job.Names);
        if (!_links.IsEmpty)
            _queue.Wake();
    }

    private void Conclude(SwapJob job)
    {
        foreach (var (devmap, swap, entries, _) in job.Swaps)
        {
            _context.State.End(_context.Devmap(devmap), swap);
            _context.StatusChanged(_context.Devmap(devmap), swap.Interface, entries);
        }

        Conclude(job, job.Swaps, job.Swaps[^1].Swap.Revision);
    }

    private void Conclude(TableJob job)
    {
        foreach (var devmap in job.Devmaps.Select(_context.State.Find).OfType<WorkingDevmap>())
        {
            devmap.Open = null;
            foreach (var (target, entries) in job.Entries.Where(e => e.Devmap == devmap.Id && e.After is not null).CountBy(e => e.After!.Record.Spec.Interface))
                _context.StatusChanged(devmap, target, entries);
        }

        Conclude(job, job.Entries, job.Revision);
    }

    private void Conclude(EndJob job)
    {
        foreach (var table in job.Placements.OfType<Placement.OfTable>())
        {
            if (_context.State.Find(table.Devmap) is { } devmap)
                devmap.Open = null;
        }

        Conclude(job, job.Placements, job.Revision);
    }

    private void Conclude(CommandJob job, IReadOnlyList<Placement> placements, long revision)
    {
        _commandJobHasEnded = true;
        if (job.Cause is { } cause)
            job.Command.Refuse(new ControlPlaneException(cause));
        else
            job.Command.Conclude(_context, new Outcome(placements, revision, FrozenDictionary<ResourceKey, string>.Empty));
    }

    /// <summary>
    /// Takes a swap back by another one, for all entries that send to the interface now: some may have been written with the new program meanwhile.
    /// Returns the revision of that.
    /// </summary>
    private long TakeBack(SwapJob refused, Error refusal)
    {
        WriterLog.SwapRefused(_logger, refused.Swaps[0].Swap.Interface, refusal.Detail);
        refused.Command.ChangedRevision = null;
        foreach (var (devmap, swap, _, _) in refused.Swaps)
            _context.State.End(_context.Devmap(devmap), swap);
        var entries = refused.Swaps.Select(s => s.Swap.Interface).Distinct().ToDictionary(n => n, _context.State.Targets.EntriesOf);
        List<Placement.OfSwap> swaps = [];
        foreach (var devmap in entries.Values.SelectMany(ids => ids).Select(id => id.Devmap).Distinct())
        {
            var revision = _context.NextRevision();
            foreach (var (name, ids) in entries)
            {
                if (ids.Count(id => id.Devmap == devmap) is > 0 and var count)
                    swaps.Add(new(devmap, Inverse(refused.Swaps[0], devmap.Name, name, revision), count, refused.Swaps[0].Swap.EgressProgram));
            }
        }

        foreach (var (devmap, swap, count, _) in swaps)
            _context.State.Begin(_context.Devmap(devmap), swap, count);
        _context.Changes.AddRange(SetEgressProgramCommand.ReportsOf(swaps));
        _jobs.Enqueue(new SwapJob(refused.Command, swaps, [.. ResourceKey.StepsFor(entries.Values.SelectMany(ids => ids))], refusal));
        var origin = OriginOf(refused.Command, refusal);
        CommitOrOwe([.. swaps.Select(s => s.Store! with { Revision = s.Swap.Revision, Origin = origin })]);
        return _context.PlannedRevision;
    }

    /// <summary>Takes a table back, but for entries that have been written since. Returns the revision of that.</summary>
    private long TakeBack(WriterScope scope, TableJob refused, Error refusal)
    {
        WriterLog.TableRefused(_logger, string.Join(", ", refused.Devmaps), refusal.Detail);
        refused.Command.ChangedRevision = null;
        var devmaps = refused.Devmaps.Select(_context.State.Find).OfType<WorkingDevmap>().ToList();
        if (devmaps.Count == 0)
        {
            refused.Command.Refuse(new ControlPlaneException(refusal));
            return _state.Current.Revision;
        }

        var revision = _context.NextRevision();
        var (entries, tables, steps) = (new List<Placement.OfEntry>(), new List<Placement>(), new List<ResourceKey>());
        foreach (var devmap in devmaps)
        {
            var returned = TableReturn.Of(_context, devmap, [.. refused.Entries.Where(e => e.Devmap == devmap.Id)], refused.Revision, revision);
            var (table, rest) = TableOrder.Later(devmap, returned);
            entries.AddRange(returned);
            tables.Add(table);
            steps.AddRange(rest);
        }

        var plan = new WritePlan(Footprint.Alone, [.. TableOrder.OfState(entries), .. tables], revision);
        _executor.Apply(scope, plan);
        _jobs.Enqueue(new TableJob(refused.Command, entries, revision, steps, refusal));
        CommitOrOwe([.. plan.StoreChanges(OriginOf(refused.Command, refusal))]);
        return _context.PlannedRevision;
    }

    private SwapRecord Inverse(Placement.OfSwap swap, string devmap, string interfaceName, long revision) =>
        new(devmap, interfaceName, swap.Before, revision, _context.TimeAfter(swap.Swap.UpdateTime));

    // The kernel cannot even be asked. Link changes are followed again soon; the change of a command is taken back as far as that goes.
    private long Abandon(WriterScope scope, Job job, KernelException failure)
    {
        switch (job)
        {
            case LinkJob links:
                WriterLog.LinksNotReconciled(_logger, LinkRetry.TotalSeconds, failure);
                Release(links);
                _context.Reconciled = InterfaceTable.Empty;
                RetryLinks();
                break;
            case SwapJob { Cause: null } swap:
                return TakeBack(swap, RequestErrors.KernelRefused(failure));
            case SwapJob swap:
                Fail(swap, PlacementFailure.Of(RequestErrors.KernelRefused(failure)));
                Conclude(swap);
                RetryLinks();
                break;
            case TableJob { Cause: null } table:
                return TakeBack(scope, table, RequestErrors.KernelRefused(failure));
            case TableJob table:
                Conclude(table);
                RetryLinks();
                break;
            case EndJob end:
                Conclude(end);
                RetryLinks();
                break;
            case DevmapJob devmap:
                Conclude(devmap, [devmap.Devmap], devmap.Revision);
                RetryLinks();
                break;
            case BuildJob build:
                GiveUp(scope, build, KernelErrors.Unforeseen(failure));
                break;
        }

        return _state.Current.Revision;
    }

    // Those that wait are bounded as the queue is, from which they have been taken.
    private void Hold(WriterCommand command)
    {
        var (caller, account) = (command.Request.Caller, command.Request.Caller.Account);
        if (_held.Count >= _options.MostFor(caller))
            command.Fail(new ControlPlaneException(RequestErrors.WriterBusy(_held.Count)));
        else if (_held.CountOf(account) is var own && own >= _options.MostOf(caller))
            command.Fail(new ControlPlaneException(RequestErrors.WriterBusyForCaller(account.ToString(), own)));
        else
            _held.Add(account, command);
    }

    /// <summary>Takes the commands that waited for the job of another command, if one has ended since: only then can they go on.</summary>
    private void TakeHeld(Queue<WriterCommand> waiting)
    {
        if (!_commandJobHasEnded)
            return;
        _commandJobHasEnded = false;
        while (_held.TryTake(out var held))
            waiting.Enqueue(held);
    }

    private void Fail(SwapJob job, PlacementFailure failure)
    {
        foreach (var (id, swap, _, _) in job.Swaps)
        {
            var devmap = _context.Devmap(id);
            foreach (var entry in _context.State.Targets.EntriesOf(swap.Interface).Where(e => e.Devmap == id))
            {
                if (devmap.Entries.FindPlaced(entry.Key) is { } placed && swap.Covers(placed.Record))
                    _context.State.Set(devmap, placed, placed with { Record = swap.Apply(placed.Record), Failure = failure });
            }
        }
    }

    /// <summary>Returns the commands whose jobs have not ended.</summary>
    private IEnumerable<WriterCommand> Unanswered() => _jobs.Concat(_waiting.Select(w => w.Job)).OfType<CommandJob>().Select(j => j.Command);

    // Jobs end with the loop. The desired state is stored, and the next start makes the kernel follow it.
    private void FailUnanswered(Exception error)
    {
        // A table that is not switched to yet is not stored either.
        if (error is ControlPlaneException { Error.Code: ErrorCode.ShuttingDown })
        {
            foreach (var job in _jobs.Concat(_waiting.Select(w => w.Job)).OfType<BuildJob>())
                job.Command.Fail(ShuttingDown());
        }

        foreach (var command in Unanswered().Distinct())
            command.Fail(error);
        while (_held.TryTake(out var held))
            held.Fail(ShuttingDown());
        _reconciled.TrySetCanceled();
    }
}
