using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing;

/// <summary>Judges elements that an audit suspects, and puts right what others changed. What is wanted stays as it is.</summary>
internal sealed class JudgeElementsCommand(DevmapState devmap, IReadOnlyList<uint> suspects, bool repair) : WriterCommand<IReadOnlyList<Drift>>
{
    protected override Plan<IReadOnlyList<Drift>> Plan(WriterContext context) => new(Footprint.Exclusive, [], [], Judge);

    private List<Drift> Judge(WriterScope scope, WriterContext context)
    {
        var drifts = new List<Drift>();
        foreach (var kernelKey in suspects)
        {
            if (Judge(scope, context, kernelKey) is { } drift)
                drifts.Add(drift);
        }

        context.DriftFound(devmap, drifts);
        return drifts;
    }

    private Drift? Judge(WriterScope scope, WriterContext context, uint kernelKey)
    {
        var entry = devmap.Entries.Find(kernelKey);
        var found = devmap.Kernel.TryLookup(kernelKey, out var element) ? element : (KernelEntry?)null;
        var target = entry is null ? null : context.Interface(entry.Record.Spec.Interface);
        var wanted = target is null ? (KernelEntry?)null : new KernelEntry(target.Ifindex, context.State.ProgramId(entry!.Record.Spec.EgressProgram));
        if (found == wanted)
            return null;
        if (entry is { Failure: not null })
        {
            // What the kernel refused before may go now, and nobody else has touched it.
            LinkReconciliation.Place(scope, context, devmap, entry);
            return null;
        }

        // The kernel itself removes elements of devices that go; the news of it is on its way to the writer.
        if (entry is not null && context.Kernel.Interfaces.Current.Find(entry.Record.Spec.Interface)?.Ifindex != target?.Ifindex)
            return null;
        var failure = repair ? Repair(scope, context, kernelKey, entry) : null;
        var repaired = repair && (devmap.Kernel.TryLookup(kernelKey, out var now) ? now : (KernelEntry?)null) == wanted;
        return new Drift(
            wanted is null ? DriftKind.Foreign : found is null ? DriftKind.Missing : DriftKind.Changed,
            entry is null ? kernelKey.ToString(CultureInfo.InvariantCulture) : KeyCodec.Format(devmap.Definition.Spec.KeySelector, entry.Record.Key),
            kernelKey,
            null,
            Describe(context, found),
            Describe(context, wanted),
            repaired,
            failure);
    }

    /// <summary>Puts one element right; gives why the kernel refused.</summary>
    private string? Repair(WriterScope scope, WriterContext context, uint kernelKey, PlacedEntry? entry)
    {
        try
        {
            if (entry is null)
                devmap.Kernel.Delete(scope, kernelKey);
            else
                LinkReconciliation.Place(scope, context, devmap, entry);
        }
        catch (KernelException e)
        {
            return e.Message;
        }

        return entry is null ? null : devmap.Entries.Find(kernelKey)?.Failure?.Message;
    }

    private static DriftElement? Describe(WriterContext context, KernelEntry? element)
    {
        if (element is not { } there)
            return null;
        var program = there.EgressProgramId == 0 ? null : context.State.Programs.Values.FirstOrDefault(p => p.Loaded.ProgramId == there.EgressProgramId);
        return new DriftElement(
            there.Ifindex,
            context.Interface(there.Ifindex)?.Name,
            there.EgressProgramId == 0 ? null : there.EgressProgramId,
            program?.Loaded.Name);
    }
}
