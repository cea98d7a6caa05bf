using System.Globalization;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.UnitTests.Core.Linearizability;

/// <summary>The services under test, as REST and gRPC call them.</summary>
internal class Subject(CoreFixture core)
{
    /// <summary>Calls, and tells what was answered.</summary>
    public async Task<Answer> CallAsync(Operation operation, Precondition precondition, CancellationToken cancellation)
    {
        try
        {
            return await ExecuteAsync(operation, precondition, cancellation);
        }
        catch (ControlPlaneException e)
        {
            return new Answer(e.Error.Code);
        }
        catch (OperationCanceledException)
        {
            return new Answer(IsCancelled: true);
        }
    }

    protected virtual async Task<Answer> ExecuteAsync(Operation operation, Precondition precondition, CancellationToken cancellation)
    {
        switch (operation)
        {
            case Operation.PutEntry put:
                var entry = await core.Entries.PutAsync(put.Devmap, put.Key, Spec(put), new Violations(), precondition, cancellation, put.AllowPending);
                return new Answer(IsCreated: entry.Created, Revision: entry.View.Revision!.Value, Content: Text(entry.View.Spec!));
            case Operation.PutBoth both:
                var batch = new EntryBatch(BatchMode.Atomic, [Item(both.First), Item(both.Second)]);
                var outcome = await core.Batches.ApplyAsync(batch, both.First.AllowPending, null, RequestContext.OfDaemon(cancellation));
                return new Answer(Revision: outcome.Revision, Content: string.Join(", ", outcome.Results.Select(r => $"{r.Outcome} @{r.Revision}")));
            case Operation.PutTable table:
                var replaced = await core.Tables.ReplaceAsync(
                    table.Only.Devmap, new DesiredEntries([new DesiredEntry(table.Only.Key, Spec(table.Only), null)]), new ReplaceOptions(AllowPending: table.Only.AllowPending),
                    RequestContext.OfDaemon(cancellation));
                return new Answer(Revision: replaced.Revision, Content: $"{replaced.Created} {replaced.Changed} {replaced.Deleted}");
            case Operation.DeleteEntry delete:
                await core.Entries.DeleteAsync(delete.Devmap, delete.Key, precondition, cancellation);
                return new Answer();
            case Operation.GetEntry get:
                var found = core.Entries.Get(get.Devmap, get.Key);
                return new Answer(Revision: found.Revision!.Value, Content: Text(found.Spec!));
            case Operation.PutProgram put:
                var program = await core.Programs.PutAsync(put.Name, new EgressProgramSpec(new EgressProgramConfig(EgressTemplate.Set.Named(put.Template))), new Violations(), precondition, cancellation);
                return new Answer(IsCreated: program.Created, Revision: program.View.Revision, Content: Text(program.View.Spec.Config));
            case Operation.DeleteProgram delete:
                await core.Programs.DeleteAsync(delete.Name, precondition, cancellation);
                return new Answer();
            case Operation.GetProgram get:
                var view = core.Programs.Get(get.Name);
                return new Answer(Revision: view.Revision, Content: Text(view.Spec.Config));
            case Operation.SetEgressProgram swap:
                var swapped = await core.Programs.SetOfInterfaceAsync(
                    swap.Target, swap.Program, RequestContext.OfDaemon(cancellation) with { Precondition = new Precondition(precondition.Revision) });
                return new Answer(Revision: swapped.Revision, Content: $"{swapped.Changed}");
            case Operation.SetLink set:
                SetLink(set);
                return new Answer();
            case Operation.ReadAll:
                return ReadAll();
            default:
                throw new ArgumentOutOfRangeException(nameof(operation), operation, "not an operation");
        }
    }

    private static EntrySpec Spec(Operation.PutEntry put) =>
        new(put.Target, put.Program, Labels.Of(new Dictionary<string, string> { ["n"] = $"{put.Label}" }), null);

    private static BatchItem Item(Operation.PutEntry put) => new(new BatchPut(put.Devmap, put.Key, Spec(put), null), null);

    private static string Text(EntrySpec spec) =>
        SmallSetup.EntryText(spec.Interface, spec.EgressProgram, int.Parse(spec.Labels["n"], CultureInfo.InvariantCulture));

    private static string Text(EgressProgramConfig spec) => spec.Template.ToString().ToLowerInvariant();

    private void SetLink(Operation.SetLink set)
    {
        // Callers who do the same at once shall not do it twice.
        lock (core.Host)
        {
            var isThere = core.Host.Interfaces.Find(set.Name) is not null;
            if (set.IsThere && !isThere)
                core.Host.AddInterface(set.Name);
            else if (!set.IsThere && isThere)
                core.Host.RemoveInterface(set.Name);
        }
    }

    private Answer ReadAll()
    {
        var entries = new[] { SmallSetup.ByInterface.Name, SmallSetup.ByVlan.Name }.SelectMany(d => core.List(d).Entries)
            .Select(e => (Name: $"{e.Devmap}/{e.Key}", Text: $"{Text(e.Spec!)} @{e.Revision}"))
            .OrderBy(e => e.Name, StringComparer.Ordinal);
        var programs = core.Programs.List().Select(p => (p.Name, Text: $"{Text(p.Spec.Config)} @{p.Revision}"));
        return new Answer(
            Revision: core.List(SmallSetup.ByVlan.Name).Revision, Content: string.Join('\n', entries.Concat(programs).Select(r => $"{r.Name} {r.Text}")));
    }
}

/// <summary>
/// The mistake that a check of histories must find: it checks preconditions itself, before the write, instead of having the writer
/// check them between all other writes. Updates get lost.
/// </summary>
internal sealed class BrokenSubject(CoreFixture core) : Subject(core)
{
    private readonly CoreFixture _core = core;

    protected override Task<Answer> ExecuteAsync(Operation operation, Precondition precondition, CancellationToken cancellation)
    {
        if (operation is Operation.PutEntry put)
        {
            var current = _core.List(put.Devmap).Entries.FirstOrDefault(e => $"{put.Devmap}/{e.Key}" == put.Resource);
            precondition.Require(put.Resource, current?.Revision);
            precondition = default;
        }

        return base.ExecuteAsync(operation, precondition, cancellation);
    }
}
