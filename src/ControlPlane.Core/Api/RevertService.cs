using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Commands;
using ControlPlane.Core.Writing.Loop;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Api;

/// <summary>Undoes changes by new changes.</summary>
internal sealed class RevertService(ControlPlaneState state, DevmapWriter writer, ChangeHistory history)
{
    private const string Revision = "revision";
    private const int PerRead = 4096, MostLooks = 1000;

    /// <summary>Brings every resource of one change back to the state before the change.</summary>
    /// <param name="revision">The revision of the change; null if the request has none that is valid.</param>
    /// <param name="force">Whether resources that have changed since are brought back, too.</param>
    /// <param name="dryRun">Whether the answer is the plan, and nothing happens.</param>
    /// <param name="request">The request.</param>
    /// <exception cref="ControlPlaneException">The request failed; nothing was changed.</exception>
    public async Task<RevertOutcome> RevertChangeAsync(long? revision, bool force, bool dryRun, RequestContext request)
    {
        var asked = Validate(revision, request.Violations);
        var changes = Find(asked);
        if (changes.Find(c => c.Resource.Kind == ChangedKind.Devmap) is { } ofDevmap)
            throw new ControlPlaneException(ChangeErrors.OfDevmap(ofDevmap.Resource.Devmap!, asked));
        if (changes.Count == 0)
        {
            request.Violations.Add(Revision, ChangeErrors.NoSuchChange);
            request.Violations.ThrowIfAny();
        }

        if (changes.TrueForAll(c => c.Resource.Kind == ChangedKind.InterfaceProgram))
            return await RevertSwapAsync(changes, force, dryRun, request);
        var reversal = Reversal(state.Current);
        foreach (var change in Enumerable.Reverse(changes))
            reversal.Undo(change);
        var what = string.Create(CultureInfo.InvariantCulture, $"the change of revision {asked}");
        return await RevertAsync(reversal, what, force ? null : asked, null, dryRun, Operations.RevertChange, request);
    }

    /// <summary>Brings all entries, attachments and egress programs back to the state of a revision.</summary>
    /// <param name="revision">The revision; null if the request has none that is valid.</param>
    /// <param name="dryRun">Whether the answer is the plan, and nothing happens.</param>
    /// <param name="request">The request.</param>
    /// <exception cref="ControlPlaneException">The request failed; nothing was changed.</exception>
    public async Task<RevertOutcome> RevertStateAsync(long? revision, bool dryRun, RequestContext request)
    {
        var asked = Validate(revision, request.Violations);
        var (reversal, upTo) = await ReadSinceAsync(asked, request.Cancellation);
        var what = string.Create(CultureInfo.InvariantCulture, $"everything to revision {asked}");
        return await RevertAsync(reversal, what, null, context => Since(upTo, context), dryRun, Operations.RevertState, request);
    }

    private long Validate(long? revision, Violations violations)
    {
        if (revision is null or < 0 && !violations.Has(Revision))
            violations.Add(Revision, "must be given: a revision");
        else if (revision > state.Current.Revision)
            violations.Add(Revision, string.Create(CultureInfo.InvariantCulture, $"is in the future: the daemon is at {state.Current.Revision}"));
        violations.ThrowIfAny();
        return revision!.Value;
    }

    private List<ChangeRecord> Find(long revision)
    {
        var commits = Read(revision - 1, 1) ?? throw new ControlPlaneException(ChangeErrors.Compacted(revision - 1, history.Floor));
        return
        [
            .. commits.SelectMany(c => c.Changes)
                .Where(c => c.Revision == revision && c.Refusal is null && c.Resource.Kind is not (ChangedKind.Token or ChangedKind.Lease)),
        ];
    }

    // The state that is read has no change that the history does not have.
    private async Task<(Reversal Reversal, long UpTo)> ReadSinceAsync(long revision, CancellationToken cancellation)
    {
        var snapshot = state.Current;
        for (var looks = 0; snapshot.Revision > history.Final; snapshot = state.Current)
        {
            // The store does not take what the kernel has refused back.
            if (++looks > MostLooks)
                throw new ControlPlaneException(ChangeErrors.Unreadable("the store does not take changes now"));
            await Task.Delay(1, cancellation);
        }

        var (commits, after) = (new List<ChangeCommit>(), revision);
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var read = Read(after, PerRead) ?? throw new ControlPlaneException(ChangeErrors.Compacted(revision, history.Floor));
            if (read.Count == 0)
                break;
            commits.AddRange(read);
            after = read[^1].LastRevision;
        }

        var reversal = Reversal(snapshot);
        Undo(reversal, commits);
        return (reversal, after);
    }

    // On the thread of the writer, just before the plan: the few changes since the reversal was made.
    private Reversal Since(long after, PlanContext context)
    {
        var later = new Reversal(
            name => context.State.Devmaps.FirstOrDefault(d => d.Id.Name == name)?.Id ?? throw new ControlPlaneException(DevmapErrors.NotFound(name)),
            (devmap, target) => context.State.Targets.EntriesOf(target).Where(e => e.Devmap == devmap).Select(e => context.Devmap(devmap).Entries.Find(e.Key)!.Record));
        Undo(later, Read(after, int.MaxValue) ?? throw new ControlPlaneException(ChangeErrors.Compacted(after, history.Floor)));
        return later;
    }

    private static void Undo(Reversal reversal, IReadOnlyList<ChangeCommit> commits)
    {
        for (var i = commits.Count - 1; i >= 0; i--)
        {
            for (var j = commits[i].Changes.Count - 1; j >= 0; j--)
                reversal.Undo(commits[i].Changes[j]);
        }
    }

    private static Reversal Reversal(Snapshot snapshot) => new(
        name => snapshot.Devmap(name).Id,
        (devmap, target) => snapshot.Find(devmap)!.Entries.All().Select(e => e.Record).Where(r => r.Spec.Interface == target));

    private IReadOnlyList<ChangeCommit>? Read(long after, int most)
    {
        try
        {
            return history.Read(after, most);
        }
        catch (StoreException e)
        {
            throw new ControlPlaneException(ChangeErrors.Unreadable(e.Message), e);
        }
    }

    private async Task<RevertOutcome> RevertAsync(
        Reversal reversal, string what, long? expected, Func<PlanContext, Reversal>? since, bool dryRun, Operation operation, RequestContext request)
    {
        // Also of what others have changed just now.
        var result = await writer.SubmitAsync(
            new RevertCommand(reversal, what) { Expected = expected, Since = since, IsDry = dryRun, Allow = all => Require(all, operation, request.Caller) }, request);
        var outcome = Outcome(result, dryRun);
        if (!result.IsSliced || dryRun)
            return outcome;
        // The kernel has the entries by now.
        var rest = await writer.SubmitAsync(new RevertCommand(reversal.WithoutEntries(), what), request);
        return outcome with
        {
            Revision = Math.Max(outcome.Revision, rest.Revision),
            Created = result.Difference.Entries.Count(w => w.Adds) + rest.Created + result.Difference.Programs.Count(p => p is { Before: null, Spec: not null }),
            Changed = result.Difference.Entries.Count(w => w is { Adds: false, Spec: not null }) + rest.Changed + result.Difference.Programs.Count(p => p is { Before: not null, Spec: not null }),
            Deleted = result.Difference.Entries.Count(w => w.Spec is null) + rest.Deleted,
        };
    }

    // Attachments and egress programs are for administrators, as their own operations are. That the caller has a role was checked before.
    private static void Require(Reversal reversal, Operation operation, Caller caller)
    {
        if ((reversal.Attachments.Count > 0 || reversal.Programs.Count > 0) && caller.Role < Role.Admin)
            throw new ControlPlaneException(AccessErrors.RoleNeeded(caller.ToString(), caller.Role?.ToString().ToLowerInvariant(), $"{operation.Id} of attachments and egress programs", "admin"));
    }

    // All entries of a device carry one program: they get the former one together, by the same command as any.
    private async Task<RevertOutcome> RevertSwapAsync(List<ChangeRecord> changes, bool force, bool dryRun, RequestContext request)
    {
        var (target, before, revision) = (changes[0].Resource.Name!, (changes[0].Before as SwapRecord)?.EgressProgram, changes[0].Revision);
        var names = changes.Select(c => c.Resource.Name!).ToHashSet(StringComparer.Ordinal);
        var snapshot = state.Current;
        var entries = snapshot.Devmaps.Values.SelectMany(d => d.Entries.All().Select(e => (Devmap: d, e.Record))).Where(e => names.Contains(e.Record.Spec.Interface)).ToList();
        var others = entries.Where(e => e.Record.Revision != revision && e.Record.Spec.EgressProgram != before).ToList();
        if (others.Count > 0 && !force)
            throw new ControlPlaneException(ChangeErrors.ChangedSince(revision, [.. others.Select(e => $"devmaps/{e.Devmap.Id.Name}/entries/{e.Devmap.Definition.Spec.KeySelector.Format(e.Record.Key)}")]));
        var changed = entries.Count(e => e.Record.Spec.EgressProgram != before);
        if (dryRun)
        {
            var now = entries.Find(e => e.Record.Spec.EgressProgram != before).Record?.Spec.EgressProgram;
            return new RevertOutcome(
                snapshot.Revision, 0, changed, 0, entries.Count - changed,
                changed == 0 ? [] : [new($"interfaces/{target}", ChangedKind.InterfaceProgram, PlannedAction.Change, new(null, null, null, now), new(null, null, null, before))], false);
        }

        if (changed == 0)
            return new RevertOutcome(snapshot.Revision, 0, 0, 0, entries.Count, [], false);
        var expected = force ? default : new Precondition(entries.Max(e => e.Record.Revision));
        var swap = await writer.SubmitAsync(new SetEgressProgramCommand(target, before, expected), request);
        return new RevertOutcome(swap.Revision, 0, swap.Changed, 0, entries.Count - changed, [], false);
    }

    private static RevertOutcome Outcome(RevertResult result, bool isDry)
    {
        var (plan, truncated) = isDry ? PlanOf(result.Difference) : ([], false);
        return new RevertOutcome(result.Revision, result.Created, result.Changed, result.Deleted, result.Difference.Unchanged, plan, truncated);
    }

    private static (List<RevertedResource> Plan, bool Truncated) PlanOf(StateDifference difference)
    {
        var (plan, budget) = (new List<RevertedResource>(), new PageBudget());
        foreach (var change in Changes(difference))
        {
            if (plan.Count == RevertOutcome.MaxPlan || !budget.Take(change))
                return (plan, true);
            plan.Add(change);
        }

        return (plan, false);
    }

    private static IEnumerable<RevertedResource> Changes(StateDifference difference)
    {
        foreach (var (name, before, spec) in difference.Programs)
            yield return Change($"programs/{name}", ChangedKind.Program, ChangedState.Of(before?.Record.Spec), ChangedState.Of(spec));
        foreach (var (devmap, name, before, spec) in difference.Attachments)
            yield return Change($"devmaps/{devmap.Id.Name}/attachments/{name}", ChangedKind.Attachment, ChangedState.Of(before?.Record.Spec), ChangedState.Of(spec));
        foreach (var write in difference.Entries)
            yield return Change(write.Name, ChangedKind.Entry, ChangedState.Of(write.Before?.Record.Spec), ChangedState.Of(write.Spec));
    }

    private static RevertedResource Change(string resource, ChangedKind kind, ChangedState? before, ChangedState? after) =>
        new(resource, kind, before is null ? PlannedAction.Create : after is null ? PlannedAction.Delete : PlannedAction.Change, before, after);
}
