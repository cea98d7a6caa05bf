using ControlPlane.Core.Errors;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Apply;
using ControlPlane.Core.Writing.Commands;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Loop;

/// <summary>
/// Tables that are built beside the active ones. The command of one is planned again when the table is there: if nothing has changed meanwhile, or little, that plan is
/// committed and switches. So the change happens at one moment, for the store, for frames, and for readers.
/// </summary>
internal sealed partial class DevmapWriter
{
    // The jobs whose candidates the kernel still makes.
    private readonly List<(Task Made, BuildJob Job)> _waiting = [];

    private bool HasMadeCandidate => _waiting.Exists(w => w.Made.IsCompleted);

    private void BeginCandidate(WriterScope scope, WriterCommand command, CandidateTable table)
    {
        var devmap = _context.Devmap(table.Devmap);
        var candidate = (ICandidate)_runner.Run(scope, new KernelStep.BeginCandidate(table.Devmap, table.Definition, table.Entries.Count))!;
        devmap.Building = new Building(_context.State.ProgramId);
        _waiting.Add((candidate.Made, new BuildJob(command, table.Devmap, StepsFor(table.Devmap, devmap.Building.Turn(table.Entries)))));
        _ = candidate.Made.ContinueWith(_ => _queue.Wake(), TaskScheduler.Default);
    }

    /// <summary>Begins to fill the candidates that the kernel has made.</summary>
    private void TakeMadeCandidates(WriterScope scope)
    {
        foreach (var made in _waiting.Where(w => w.Made.IsCompleted).ToArray())
        {
            _waiting.Remove(made);
            if (made.Made.IsCompletedSuccessfully)
            {
                _jobs.Enqueue(made.Job);
                continue;
            }

            GiveUp(scope, made.Job, made.Made.Exception?.InnerException is KernelException refusal ? KernelErrors.Unforeseen(refusal) : made.Made.Exception!);
            made.Job.Command.Complete();
        }
    }

    /// <summary>Commits and switches, or goes on with what has changed meanwhile.</summary>
    private void EndBuild(WriterScope scope, BuildJob job)
    {
        try
        {
            if (job.Refusal is { } refusal)
                throw new ControlPlaneException(refusal);
            var (devmap, plan) = (_context.Devmap(job.Devmap), job.Command.Plan(_context)!);
            var work = plan.Candidate is { } table ? devmap.Building!.Turn(table.Entries) : [];
            if (work.Count > ReplaceEntriesCommand.MostAtOnce)
            {
                _jobs.Enqueue(new BuildJob(job.Command, job.Devmap, StepsFor(job.Devmap, work)));
                return;
            }

            if (_reconciler.Build(scope, job.Devmap, work) is { } refused)
                throw new ControlPlaneException(refused);
            if (plan.Candidate is not null)
                _runner.Run(scope, new KernelStep.CompleteCandidate(job.Devmap, plan.Revision));
            var batch = new Batch();
            batch.Add(job.Command, plan);
            Flush(scope, batch);
            Release(scope, job);
        }
        catch (ControlPlaneException e)
        {
            GiveUp(scope, job, e);
        }
        catch (KernelException e)
        {
            GiveUp(scope, job, KernelErrors.Unforeseen(e));
        }
    }

    private void GiveUp(WriterScope scope, BuildJob job, Exception error)
    {
        job.Command.Refuse(error);
        Release(scope, job);
    }

    // A table that was not switched to must not be taken for committed by the next start: that note goes first.
    private void Release(WriterScope scope, BuildJob job)
    {
        _commandJobHasEnded = true;
        if (_context.State.Find(job.Devmap) is not { } devmap)
            return;
        devmap.Building = null;
        if (_context.Kernel(job.Devmap).Candidate is not { } candidate)
            return;
        try
        {
            if (!candidate.IsSwitched && candidate.Made.IsCompletedSuccessfully)
                _runner.Run(scope, new KernelStep.CompleteCandidate(job.Devmap, 0));
            _runner.Run(scope, new KernelStep.ReleaseCandidate(job.Devmap));
        }
        catch (ControlPlaneException e)
        {
            WriterLog.CandidateNotReleased(_logger, job.Devmap.Name, e);
        }
    }

    private static IEnumerable<ResourceKey> StepsFor(DevmapId devmap, IReadOnlyList<uint> kernelKeys) =>
        kernelKeys.Chunk(ResourceKey.MostEntries).Select(keys => new ResourceKey.Candidate(devmap, keys));
}
