using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Fairness;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;
using ControlPlane.Core.Waiting;
using ControlPlane.Core.Writing.Commands;
using ControlPlane.Core.Writing.Loop;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Api;

/// <summary>Lets few large requests at a time be read and carried out: each takes much memory.</summary>
internal sealed class LargeRequestGate() : CallerGate(Places)
{
    /// <summary>The number of large requests at a time.</summary>
    public const int Places = 2;

    /// <summary>The bytes above which a request is large.</summary>
    public const int Bytes = 4 * 1024 * 1024;
}

/// <summary>Replaces all entries of a devmap, or those of a scope.</summary>
internal sealed class TableService(ControlPlaneState state, DevmapWriter writer, IKernel kernel, StatusEvaluators evaluators, BatchGate gate, EntryWaits waits, RehearsalRunner rehearsals, ConfirmationService confirmations)
{
    private const string Table = "entries", Label = "label";

    /// <summary>Makes the entries of a devmap what they must be, or says what would happen.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="table">The entries, not yet validated.</param>
    /// <param name="options">The scope and the options, not yet validated.</param>
    /// <param name="request">The request.</param>
    /// <param name="wait">How the call waits after the write, for the whole scope; null if it does not.</param>
    /// <param name="written">Called before the wait: what was read of the request is no longer needed.</param>
    /// <exception cref="ControlPlaneException">The request failed; nothing was changed.</exception>
    public async Task<ReplaceOutcome> ReplaceAsync(
        string devmap, DesiredEntries table, ReplaceOptions options, RequestContext request, WaitOptions? wait = null, Action? written = null)
    {
        wait ??= WaitOptions.None;
        options = options with { DryRun = options.DryRun || options.Rehearse is not null };
        wait.Validate(request.Violations, options.DryRun);
        EntryAccess.Require(request.Caller, devmap, $"devmaps/{devmap}/{Table}");
        var scope = Validate(state.Current.Devmaps.GetValueOrDefault(devmap), table, options, request.Violations);
        using var waiting = waits.Begin(wait, request);
        var outcome = await WriteAsync(devmap, table, scope, options, request);
        if (waiting is null)
            return outcome;
        // A wait is long, and a table large.
        table = null!;
        written?.Invoke();
        return Answer(outcome, await waiting.RunAsync(new EntrySelection.Matching([devmap], scope.Accepts) { MayBeEmpty = true }));
    }

    private static ReplaceOutcome Answer(ReplaceOutcome written, WaitResult wait) => written with
    {
        NotForwarding = [.. wait.Unsatisfied.Where(u => u.State is not null).Select(u => new EntryProblem(u.Key, u.State!.Value, u.Condition!))],
        Truncated = wait.HasMore,
        WaitSatisfied = wait.IsSatisfied,
        Unsatisfied = wait.Unsatisfied,
    };

    private async Task<ReplaceOutcome> WriteAsync(string devmap, DesiredEntries table, EntryFilter scope, ReplaceOptions options, RequestContext request)
    {
        var (asked, result, confirmation) = await SubmitAsync(devmap, table, scope, options, request);
        var rehearsed = options.Rehearse is { } duration ? await rehearsals.RunAsync(asked.Devmap, result.Difference, duration, request) : null;
        return Answer(asked.Devmap, result, options.DryRun, rehearsed) with { Confirmation = confirmation };
    }

    private async Task<(TableWrite Asked, TableResult Result, Confirmation? Confirmation)> SubmitAsync(
        string devmap, DesiredEntries table, EntryFilter scope, ReplaceOptions options, RequestContext request)
    {
        using var place = await gate.EnterAsync(request.Caller.Account, request.Cancellation);
        var snapshot = state.Current;
        if (options.Confirm is { } guarded)
            confirmations.Require(snapshot.Devmap(devmap), new GuardOrder(guarded, (ulong?)options.RevertAfterDrops));
        var asked = new TableWrite(snapshot.Devmap(devmap).Id, Read(snapshot, devmap, table, scope, options, request.Caller), scope.Accepts, scope.Owner)
        {
            Force = options.Force,
            AllowDeletions = options.AllowDeletions,
        };
        if (options.Confirm is not { } timeout)
            return (asked, await writer.SubmitAsync(new ReplaceEntriesCommand(asked, TextOf(devmap, scope), options.Mode, options.DryRun), request), null);
        var (result, confirmation) = await confirmations.WriteAsync(asked, TextOf(devmap, scope), new GuardOrder(timeout, (ulong?)options.RevertAfterDrops), request);
        return (asked, result, confirmation);
    }

    private static EntryFilter Validate(DevmapState? devmap, DesiredEntries table, ReplaceOptions options, Violations violations)
    {
        var scope = EntryQueryValidation.Filter(new EntryQuery(Labels: options.Labels, Owner: options.Owner), violations, static _ => InterfaceTable.Empty);
        if (scope.Labels.CountBy(l => l.Key).Any(l => l.Value > 1))
            violations.Add(Label, "must name each label once");
        if ((options.Rehearse < ReplaceOptions.MinRehearsal || options.Rehearse > ReplaceOptions.MaxRehearsal) && !violations.Has("rehearse"))
            violations.Add("rehearse", ReplaceOptions.RehearsalRule);
        if (options.Confirm is not null && options.DryRun)
            violations.Add("confirm", "must not be given with dryRun or rehearse, which change nothing");
        else if ((options.Confirm < ReplaceOptions.MinConfirm || options.Confirm > ReplaceOptions.MaxConfirm) && !violations.Has("confirm"))
            violations.Add("confirm", ReplaceOptions.ConfirmRule);
        if (options is { RevertAfterDrops: not null, Confirm: null } && !violations.Has("confirm"))
            violations.Add("revertAfterDrops", "must not be given without confirm");
        else if (options.RevertAfterDrops < 1)
            violations.Add("revertAfterDrops", "must be 1 or more");
        if (options.AllowDeletions < 0)
            violations.Add("allowDeletions", "must be 0 or more");
        if (!violations.Has(Table) && table.Entries is null)
            violations.Add(Table, "must be given: the entries of the scope, or none to delete all of them");
        else if (devmap?.Definition.Spec.MaxEntries is { } most && table.Entries?.Count > most)
            violations.Add(Table, string.Create(CultureInfo.InvariantCulture, $"must be at most {most} entries, which is the capacity of the devmap"));
        violations.ThrowIfAny();
        return scope;
    }

    private EntryWrite[] Read(Snapshot snapshot, string devmap, DesiredEntries table, EntryFilter scope, ReplaceOptions options, Caller caller)
    {
        var reader = new EntryWriteReader(snapshot, kernel.Interfaces.Current, caller, options.AllowPending, options.Force);
        var writes = new EntryWrite[table.Entries.Count];
        var errors = new List<(string Path, Error Error)>();
        for (var i = 0; i < writes.Length; i++)
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"{Table}[{i}]");
            var (item, violations) = (table.Entries[i], new Violations());
            var spec = InScope(item?.Spec, scope, violations);
            if (violations.Found.Count > 0)
                errors.Add((path, RequestErrors.Invalid(violations.Found)));
            try
            {
                writes[i] = reader.Put(path, devmap, item?.Key!, spec, item?.ExpectedRevision);
            }
            catch (ControlPlaneException e)
            {
                errors.Add((path, e.Error));
            }
        }

        return errors.Count == 0 ? writes : throw new ControlPlaneException(RequestErrors.OfItems(errors));
    }

    // An entry that is written for a scope is in the scope: the next call for it knows the entry.
    private static EntrySpec? InScope(EntrySpec? spec, EntryFilter scope, Violations violations)
    {
        if (spec is null)
            return null;
        if (scope.Owner is { } owner)
        {
            if (!string.IsNullOrEmpty(spec.Owner) && spec.Owner != owner)
                violations.Add("owner", $"must be '{owner}', the owner of the scope, or omitted");
            spec = spec with { Owner = owner };
        }

        var missing = scope.Labels.Where(l => !spec.Labels.ContainsKey(l.Key)).ToList();
        foreach (var (name, value) in scope.Labels)
        {
            if (spec.Labels.TryGetValue(name, out var has) && has != value)
                violations.Add($"labels.{name}", $"must be '{value}', as in the scope, or omitted");
        }

        return missing.Count == 0 ? spec : spec with { Labels = Labels.Of(spec.Labels.Concat(missing)) };
    }

    private static string TextOf(string devmap, EntryFilter scope) =>
        $"the entries of devmaps/{devmap}"
        + (scope.Owner is null ? "" : $" of the owner {scope.Owner}")
        + string.Concat(scope.Labels.Select(l => $" with the label {l.Key}={l.Value}"));

    private ReplaceOutcome Answer(DevmapId id, TableResult result, bool isDry, RehearsalResult? rehearsed)
    {
        // The writer has just read the interfaces.
        var (difference, snapshot, interfaces) = (result.Difference, state.Current, kernel.Interfaces.Current);
        var devmap = snapshot.Find(id) ?? throw new ControlPlaneException(DevmapErrors.NotFound(id.Name));
        var (plan, problems, more) = (new List<PlannedChange>(), new List<EntryProblem>(), false);
        if (isDry)
            more = AddPlan(plan, difference, snapshot, devmap, interfaces, rehearsed);
        else
            more = AddProblems(problems, difference, devmap, evaluators.For(snapshot, devmap, interfaces));
        return new ReplaceOutcome(
            result.Revision, difference.Created, difference.Changed, difference.Deleted, difference.Unchanged, problems, plan, more, isDry ? ErrorOf(result.Protection) : null, null, [], rehearsed?.Rehearsal);
    }

    private static bool AddProblems(List<EntryProblem> problems, TableDifference difference, DevmapState devmap, StatusEvaluator evaluator)
    {
        foreach (var entry in difference.Named.Select(devmap.Entries.Find).OfType<PlacedEntry>())
        {
            var verdict = evaluator.Judge(entry);
            if (verdict.State == EntryState.Forwarding)
                continue;
            if (problems.Count == ReplaceOutcome.MaxProblems)
                return true;
            problems.Add(new(evaluator.KeyText(entry.Record.Key), verdict.State, verdict.Cause ?? verdict.Conditions[0]));
        }

        return false;
    }

    private bool AddPlan(List<PlannedChange> plan, TableDifference difference, Snapshot snapshot, DevmapState devmap, InterfaceTable interfaces, RehearsalResult? rehearsed)
    {
        var targets = difference.Writes.Select(w => w.Spec?.Interface).OfType<string>().Distinct();
        var (planned, then) = Convergence.WithPassPrograms(snapshot, devmap, interfaces, targets);
        var (evaluator, map, budget) = (evaluators.ForPlan(planned, devmap, then), state.Handles[devmap.Id], new PageBudget());
        foreach (var write in difference.Writes.OrderByDescending(w => rehearsed?.TrafficOf(w).Packets ?? 0).ThenBy(w => w.Spec is not null))
        {
            var change = Planned(write, devmap, evaluator, map, rehearsed?.TrafficOf(write));
            if (plan.Count == ReplaceOutcome.MaxPlan || !budget.Take(change))
                return true;
            plan.Add(change);
        }

        return false;
    }

    private static PlannedChange Planned(ResolvedWrite write, DevmapState devmap, StatusEvaluator evaluator, IDevmapReader map, RehearsedTraffic? rehearsed)
    {
        var counters = write.Before?.KernelKey is { } counted ? map.ReadCounters(counted) : default;
        var before = write.Before is { } there ? evaluator.Named(there.Record.Spec) : null;
        var key = evaluator.KeyText(write.Id.Key);
        if (write.Spec is not { } spec)
            return new(key, PlannedAction.Delete, null, null, before, null, counters.Packets, counters.Bytes, rehearsed);
        var record = new EntryRecord(devmap.Id.Name, write.Id.Key, spec, 0, default, default);
        var verdict = evaluator.JudgePlanned(new PlacedEntry(record, write.KernelKey));
        return new(
            key, write.Adds ? PlannedAction.Create : PlannedAction.Change, verdict.State, verdict.Cause is { } condition ? condition with { LastTransitionTime = null } : null,
            before, spec, counters.Packets, counters.Bytes, rehearsed);
    }

    private static ItemError? ErrorOf(Error? error) => error is null
        ? null
        : new ItemError(error.Code.Text(), error.Detail, error.Resource, error.Fields);
}
