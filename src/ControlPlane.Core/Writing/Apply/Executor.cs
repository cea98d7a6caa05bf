using ControlPlane.Core.Errors;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Plan;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Core.Writing.Apply;

/// <summary>Applies plans and single placements: runs their steps, undoes what must be undone, and keeps how resources stand afterwards.</summary>
internal sealed class Executor(PlanContext context, ControlPlaneState shared, StepRunner runner, ILogger logger)
{
    private readonly List<ResourceKey> _touched = [];
    private readonly List<ResourceKey> _owed = [];

    /// <summary>Applies a plan: all of it, or nothing.</summary>
    /// <param name="scope">The writer's permission.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="renew">Whether the interfaces have changed since the plan was made.</param>
    /// <returns>The placements with what their steps have made.</returns>
    /// <exception cref="ControlPlaneException">The kernel refused a step. The steps before it are undone.</exception>
    public IReadOnlyList<Placement> Apply(WriterScope scope, WritePlan plan, bool renew = false)
    {
        if (plan.Placements.Count == 0)
            return [];
        var done = new List<KernelStep>();
        var placed = new Placement[plan.Placements.Count];
        try
        {
            for (var i = 0; i < placed.Length; i++)
            {
                var placement = plan.Placements[i];
                if (renew && placement is Placement.OfEntry { FollowsLater: false } entry)
                    placement = Convergence.Renewed(context, entry);
                placed[i] = Run(scope, placement, done);
            }
        }
        catch (ControlPlaneException)
        {
            Undo(scope, done);
            throw;
        }
        catch (KernelException e)
        {
            Undo(scope, done);
            throw KernelErrors.Unforeseen(e);
        }

        var (now, first) = (context.Now, context.Changes.Count);
        for (var i = 0; i < placed.Length; i++)
        {
            placed[i] = placed[i].Done(now);
            Keep(placed[i]);
            if (plan.Reports is null)
                Report(placed[i], plan.Revision);
        }

        context.Changes.AddRange(plan.Reports ?? []);
        MarkParts(first, plan.Revision);
        return placed;
    }

    // The changes of a plan share its revision. A stream can be resumed only after the last of them.
    private void MarkParts(int first, long revision)
    {
        if (context.Changes.Count - first < 2)
            return;
        var later = new HashSet<DevmapId>();
        for (var i = context.Changes.Count - 1; i >= first; i--)
        {
            if (context.Changes[i].Revision != revision)
                continue;
            context.Changes[i].IsPartOfCall = later.Count > 0;
            context.Changes[i].IsPart = !later.Add(context.Changes[i].Devmap);
        }
    }

    /// <summary>Applies one placement on its own. A change that the kernel refuses stays desired, and the resource's status says why it is not so.</summary>
    /// <returns>Why the kernel refused; null if it did not.</returns>
    public string? Place(WriterScope scope, Placement placement)
    {
        var (placed, refusal) = RunAlone(scope, placement);
        Keep(placed.Done(context.Now));
        return refusal?.Detail;
    }

    /// <summary>Applies placements that do not depend on each other, each on its own. The kernel has all of them before the rest of the work begins: frames wait for it.</summary>
    /// <returns>The kernel's first refusal; null if there was none.</returns>
    public Error? PlaceAll(WriterScope scope, List<Placement.OfEntry> placements)
    {
        Error? refusal = null;
        var placed = new Placement[placements.Count];
        for (var i = 0; i < placed.Length; i++)
        {
            (placed[i], var refused) = RunAlone(scope, placements[i]);
            refusal ??= refused;
        }

        var now = context.Now;
        foreach (var placement in placed)
            Keep(placement.Done(now));
        return refusal;
    }

    private (Placement Placed, Error? Refusal) RunAlone(WriterScope scope, Placement placement)
    {
        try
        {
            foreach (var step in placement.Steps)
            {
                // Readers know the element of an entry that stays under its key.
                if (step is KernelStep.SetElement set && (placement as Placement.OfEntry)?.Before?.KernelKey != set.Id.KernelKey)
                    shared.InFlight.Add(set.Id);
            }

            return (Run(scope, placement, null), null);
        }
        catch (ControlPlaneException e) when (e.Error.Code == ErrorCode.InterfaceNotFound)
        {
            // The interface went while the step ran. The next notification says so.
            return (placement, null);
        }
        catch (ControlPlaneException e)
        {
            Log(placement, e);
            return (placement.Refused(PlacementFailure.Of(e.Error)), e.Error);
        }
    }

    /// <summary>Returns what the placements since the last call have set free or touched, and must be converged too.</summary>
    public IReadOnlyList<ResourceKey> TakeTouched()
    {
        if (_touched.Count == 0)
            return [];
        ResourceKey[] taken = [.. _touched];
        _touched.Clear();
        return taken;
    }

    /// <summary>Returns what could not be undone since the last call, and must be converged until the kernel agrees.</summary>
    public IReadOnlyList<ResourceKey> TakeOwed()
    {
        if (_owed.Count == 0)
            return [];
        ResourceKey[] taken = [.. _owed];
        _owed.Clear();
        return taken;
    }

    private Placement Run(WriterScope scope, Placement placement, List<KernelStep>? done)
    {
        foreach (var step in placement.Steps)
        {
            if (runner.Run(scope, step) is { } made)
                placement = placement.With(made);
            done?.Add(step);
        }

        return placement;
    }

    // A step that cannot be undone is converged with this batch and the next ones; until then its status tells the truth.
    private void Undo(WriterScope scope, List<KernelStep> done)
    {
        for (var i = done.Count - 1; i >= 0; i--)
        {
            if (done[i].Inverse is not { } inverse)
                continue;
            try
            {
                Remember(inverse, runner.Run(scope, inverse));
            }
            catch (ControlPlaneException e)
            {
                ApplyLog.StepNotUndone(logger, done[i], e);
                if (KeyOf(inverse) is { } key)
                    _owed.Add(key);
            }
        }
    }

    // A link or a program that comes back has another id.
    private void Remember(KernelStep step, object? made)
    {
        switch (step, made)
        {
            case (KernelStep.AttachRedirect attach, DevmapLink link)
                when context.State.Find(attach.Devmap) is { } devmap && devmap.Attachments.GetValueOrDefault(attach.Ingress.Name) is { } attachment:
                devmap.Set(attach.Ingress.Name, attachment with { Link = link, Since = context.Now }, context.Now);
                break;
            case (KernelStep.AttachPass, PassProgram program):
                context.State.Set(program.Interface, new PlacedPassProgram(program, null) { Since = context.Now });
                break;
            case (KernelStep.LoadProgram load, LoadedProgram loaded) when context.State.Programs.GetValueOrDefault(load.Name) is { } program:
                context.State.Set(load.Name, program with { Loaded = loaded });
                break;
        }
    }

    private static ResourceKey? KeyOf(KernelStep step) => step switch
    {
        KernelStep.SetElement set => new ResourceKey.Element(set.Id),
        KernelStep.DeleteElement delete => new ResourceKey.Element(delete.Id),
        KernelStep.AttachRedirect attach => new ResourceKey.Attachment(attach.Devmap, attach.Ingress.Name),
        KernelStep.AttachPass attach => new ResourceKey.Target(attach.Device.Name),
        KernelStep.DetachPass detach => new ResourceKey.Target(detach.Interface),
        _ => null,
    };

    private void Keep(Placement placement)
    {
        switch (placement)
        {
            case Placement.OfEntry entry when !ReferenceEquals(entry.Before, entry.After):
                Keep(entry);
                break;
            case Placement.OfAttachment attachment when !ReferenceEquals(attachment.Before, attachment.After):
                shared.Facts.Attached(attachment.Devmap.Name);
                shared.Proofs.RemoveOf(attachment.Devmap, attachment.Interface);
                context.Devmap(attachment.Devmap).Set(attachment.Interface, attachment.After, context.Now);
                break;
            case Placement.OfProgram program when !ReferenceEquals(program.Before, program.After):
                context.State.Set(program.Name, program.After);
                break;
            case Placement.OfSwap swap:
                context.State.Begin(context.Devmap(swap.Devmap), swap.Swap, swap.Entries);
                break;
            case Placement.OfTable table:
                context.Devmap(table.Devmap).Open = table.Table;
                break;
            case Placement.OfDevmap devmap:
                context.Devmap(devmap.Devmap).Set(devmap.After);
                break;
            case Placement.OfToken token:
                context.State.SetToken(token.Name, token.After);
                break;
            case Placement.OfLease { After: { } lease }:
                context.State.SetLease(lease.Name, lease);
                shared.LeaseClock.Begin(lease.Name, lease.Spec.Ttl);
                break;
            case Placement.OfLease lease:
                context.State.SetLease(lease.Name, null);
                shared.LeaseClock.Remove(lease.Name);
                break;
            case Placement.OfCall call:
                context.State.Calls.Set(call.Id, call.After);
                break;
            case Placement.OfCallPart part:
                context.State.Calls.Add(part.Part);
                break;
            case Placement.OfPassProgram pass:
                context.State.Set(pass.Interface, pass.After);
                break;
            case Placement.OfPromiscuity promiscuity:
                context.State.Set(promiscuity.Ifindex, promiscuity.After);
                break;
        }
    }

    private void Keep(Placement.OfEntry entry)
    {
        var (before, after) = (entry.Before, entry.After);
        var devmap = context.Devmap(entry.Devmap);
        context.State.Set(devmap, before, after);
        if (before?.KernelKey is { } changed)
            shared.Proofs.Remove(new ElementId(entry.Devmap, changed));
        // Only keys that name interfaces can wait for a kernel key.
        if (before?.KernelKey is { } freed && freed != after?.KernelKey && devmap.Definition.Spec.KeySelector.KeyIsIfindex)
            _touched.Add(new ResourceKey.FreedKey(new ElementId(devmap.Id, freed)));
        if (before?.Record.Spec.Interface == after?.Record.Spec.Interface)
            return;
        Touch(before?.Record.Spec.Interface);
        Touch(after?.Record.Spec.Interface);
    }

    private void Touch(string? target)
    {
        if (target is not null && Convergence.ConcernsPassPrograms(context, target))
            _touched.Add(new ResourceKey.Target(target));
    }

    private void Report(Placement placement, long revision)
    {
        switch (placement)
        {
            case Placement.OfEntry { After: null } deleted:
                context.Devmap(deleted.Devmap).Reach(revision);
                context.Changes.Add(new Change.EntryDeleted(deleted.Devmap, revision, deleted.Before!.Record.Key));
                break;
            case Placement.OfEntry entry when !ReferenceEquals(entry.After.Record, entry.Before?.Record):
                context.Changes.Add(new Change.EntryPut(entry.Devmap, entry.After));
                break;
            case Placement.OfEntry entry when !ReferenceEquals(entry.After, entry.Before):
                context.StatusChanged(context.Devmap(entry.Devmap), entry.After.Record.Spec.Interface, 1);
                break;
            case Placement.OfAttachment { After: null } deleted:
                context.Devmap(deleted.Devmap).Reach(revision);
                context.Changes.Add(new Change.AttachmentDeleted(deleted.Devmap, revision, deleted.Interface));
                break;
            case Placement.OfAttachment attachment when !ReferenceEquals(attachment.After.Record, attachment.Before?.Record):
                context.Changes.Add(new Change.AttachmentPut(attachment.Devmap, attachment.After));
                break;
            case Placement.OfProgram { After: null } deleted:
                context.Changes.Add(new Change.ProgramDeleted(revision, deleted.Name));
                break;
            case Placement.OfProgram program when !ReferenceEquals(program.After.Record, program.Before?.Record):
                context.Changes.Add(new Change.ProgramPut(program.After));
                break;
            case Placement.OfAttachment attachment when !ReferenceEquals(attachment.After, attachment.Before):
                context.StatusChanged(context.Devmap(attachment.Devmap), attachment.Interface, 0);
                break;
        }
    }

    private void Log(Placement placement, ControlPlaneException e)
    {
        if (placement is Placement.OfPromiscuity promiscuity && promiscuity.Before?.Failure?.Message != e.Error.Detail)
            ApplyLog.PromiscuityRefused(logger, (promiscuity.After ?? promiscuity.Before)!.Interface, e.Error.Detail);
        if (placement is not Placement.OfPassProgram pass)
            return;
        if (pass.After is null)
            ApplyLog.PassProgramNotDetached(logger, pass.Interface, e.Error.Detail);
        else if (pass.Before?.Failure?.Message != e.Error.Detail)
            ApplyLog.PassProgramRefused(logger, pass.Target!, pass.Interface, e.Error.Detail);
    }
}
