using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Commands;

/// <summary>
/// Gives a devmap another capacity: a map with that is built beside the active one, and the kernel goes over to it. Frames flow meanwhile, and entries
/// can be written. Answers with the settings.
/// </summary>
/// <param name="devmap">The devmap.</param>
/// <param name="maxEntries">The capacity, at least the number of entries that it has.</param>
internal sealed class ResizeDevmapCommand(DevmapId devmap, uint maxEntries) : WriterCommand<DevmapRecord>
{
    public override string Change => string.Create(CultureInfo.InvariantCulture, $"resize devmaps/{devmap} to {maxEntries} entries");

    public override bool MustWait(PlanContext context) => context.Devmap(devmap) is { Open: not null } or { Building: not null };

    public override WritePlan Plan(PlanContext context)
    {
        var working = context.Devmap(devmap);
        var (before, entries) = (working.Definition, working.Entries.Freeze());
        if (before.Spec.MaxEntries == maxEntries)
            return new WritePlan(Footprint.Alone, [], context.PlannedRevision);
        if (entries.Count > maxEntries)
            throw new ControlPlaneException(DevmapErrors.TooSmall(devmap.Name, maxEntries, entries.Count));
        var after = before with { Spec = before.Spec with { MaxEntries = maxEntries }, UpdateTime = context.TimeAfter(before.UpdateTime) };
        return new WritePlan(Footprint.Alone, [new Placement.OfDevmap(devmap, before, after, [new KernelStep.SwitchTable(devmap)])], context.NextRevision())
        {
            Candidate = new CandidateTable(devmap, after, entries),
        };
    }

    protected override DevmapRecord Answer(PlanContext context, Outcome outcome) => context.Devmap(devmap).Definition;
}
