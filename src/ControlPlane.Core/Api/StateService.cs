using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Api;

/// <summary>The whole desired state as one document: read, and applied.</summary>
internal sealed class StateService(
    ControlPlaneState state, IKernel kernel, DevmapLimits limits, DevmapService devmaps, ProgramService programs, LeaseService leases, AttachmentService attachments,
    TableService tables)
{
    /// <summary>Returns the desired state of one moment. The lists are read from it as they are sent, so that no copy of them takes memory.</summary>
    /// <exception cref="ControlPlaneException">The request is not valid.</exception>
    public StateDocument Export(RequestContext request)
    {
        request.Violations.ThrowIfAny();
        var snapshot = state.Current;
        return new StateDocument(
            snapshot.Devmaps.Values.Select(d => new DesiredDevmap(d.Id.Name, d.Definition.DeclaredIn, d.Definition.Spec)),
            snapshot.Programs.Values.Select(p => new DesiredProgram(p.Record.Name, p.Record.Spec)),
            snapshot.Leases.Values.Select(l => new DesiredLease(l.Record.Name, l.Record.Spec)),
            snapshot.Devmaps.Values.SelectMany(d => d.Attachments.Values).Select(a => new DesiredAttachment(a.Record.Devmap, a.Record.Interface, a.Record.Spec)),
            snapshot.Devmaps.Values.SelectMany(d => d.Entries.All().Select(e => new StateEntry(d.Id.Name, d.Id.Selector.Format(e.Record.Key), e.Record.Spec))));
    }

    /// <summary>Makes the desired state that of a document, or says what would change. The parts happen one after the other, each as a change of its own.</summary>
    /// <param name="document">The document, not yet validated.</param>
    /// <param name="dryRun">Whether the answer is the plan, and nothing happens.</param>
    /// <param name="allowDeletions">The most resources that may be deleted; null for ten, or a twentieth.</param>
    /// <param name="request">The request.</param>
    /// <exception cref="ControlPlaneException">The request failed. The parts before the one that failed have happened, as the error says.</exception>
    public async Task<StateOutcome> ApplyAsync(StateDocument document, bool dryRun, int? allowDeletions, RequestContext request)
    {
        if (allowDeletions < 0)
            request.Violations.Add("allowDeletions", "must be 0 or more");
        RequireLists(document, request.Violations);
        request.Violations.ThrowIfAny();
        var plan = StatePlan.Of(document, state.Current, kernel.Interfaces.Refresh(), limits, request.Violations);
        var protection = plan.FindProtection(allowDeletions);
        if (dryRun)
            return Answer(plan, isDry: true, protection);
        if (protection is not null)
            throw new ControlPlaneException(protection);
        await ApplyAsync(plan, request);
        return Answer(plan, isDry: false, null);
    }

    private static void RequireLists(StateDocument document, Violations violations)
    {
        Require(document.Devmaps, "devmaps");
        Require(document.Programs, "programs");
        Require(document.Leases, "leases");
        Require(document.Attachments, "attachments");
        Require(document.Entries, "entries");

        void Require(object? list, string name)
        {
            if (list is null && !violations.Has(name))
                violations.Add(name, "must be given: all of the host, or none to delete all of them");
        }
    }

    // Frames stop arriving before entries go, and arrive when entries are there. A resource exists before others name it.
    private async Task ApplyAsync(StatePlan plan, RequestContext request)
    {
        var done = 0;
        foreach (var (devmap, name) in plan.Detached)
            await Step(r => attachments.DeleteAsync(devmap, name, null, true, r));
        foreach (var (_, devmap, _) in plan.Devmaps.Puts)
            await Step(r => devmaps.PutAsync(devmap.Name, devmap.Spec, r, force: true));
        foreach (var (_, program, _) in plan.Programs.Puts)
            await Step(r => programs.PutAsync(program.Name, program.Spec, r, force: true));
        foreach (var (_, lease, _) in plan.Leases.Puts)
            await Step(r => leases.PutAsync(lease.Name, lease.Spec, r, force: true));
        foreach (var (devmap, (table, deletions, _)) in plan.Tables.Where(t => t.Value.Differs))
        {
            var options = new ReplaceOptions(AllowPending: true, Force: true, AllowDeletions: deletions);
            await Step(r => tables.ReplaceAsync(devmap, new DesiredEntries(table), options, r));
        }

        foreach (var (_, attachment, _) in plan.Attachments.Puts)
            await Step(r => attachments.PutAsync(attachment.Devmap, attachment.Interface, attachment.Spec, true, r, force: true));
        foreach (var name in plan.Leases.Deletions)
            await Step(r => leases.DeleteAsync(NameIn(name), null, true, r));
        foreach (var name in plan.Programs.Deletions)
            await Step(r => programs.DeleteAsync(NameIn(name), null, true, r));
        foreach (var name in plan.Devmaps.Deletions)
            await Step(r => devmaps.DeleteAsync(NameIn(name), null, true, r));

        async Task Step(Func<RequestContext, Task> change)
        {
            try
            {
                await change(request with { Violations = new Violations(), Precondition = default });
                done++;
            }
            catch (ControlPlaneException e) when (done > 0)
            {
                throw new ControlPlaneException(
                    e.Error with { Detail = string.Create(CultureInfo.InvariantCulture, $"{e.Error.Detail} The {done} changes of the call before that have happened; the same call goes on after them.") }, e);
            }
        }
    }

    private StateOutcome Answer(StatePlan plan, bool isDry, Error? protection)
    {
        List<StateChange> changes = isDry ? [.. plan.Changes.Take(StateOutcome.MaxPlan + 1)] : [];
        var truncated = changes.Count > StateOutcome.MaxPlan;
        return new StateOutcome(
            state.Current.Revision, plan.Devmaps.Counts, plan.Programs.Counts, plan.Leases.Counts, plan.Attachments.Counts, plan.Entries.Counts,
            truncated ? changes[..StateOutcome.MaxPlan] : changes, truncated,
            protection is null ? null : new ItemError(protection.Code.Text(), protection.Detail, protection.Resource, protection.Fields));
    }

    private static string NameIn(string resource) => resource[(resource.IndexOf('/', StringComparison.Ordinal) + 1)..];
}
