using System.Globalization;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Commands;

/// <summary>Compares what an audit suspects with the desired state, and repairs what others changed. The desired state stays as it is.</summary>
internal abstract class JudgeCommand(DevmapId id, bool repair) : WriterCommand<IReadOnlyList<Drift>>
{
    private readonly List<(ResourceKey Key, Drift Drift)> _findings = [];

    public sealed override WritePlan Plan(PlanContext context)
    {
        _findings.Clear();
        var keys = new List<ResourceKey>();
        Judge(context, context.Devmap(id), _findings, keys);
        if (repair)
            keys.AddRange(_findings.Select(f => f.Key));
        return new WritePlan(Footprint.Alone, [], context.PlannedRevision) { Converge = keys };
    }

    protected sealed override IReadOnlyList<Drift> Answer(PlanContext context, Outcome outcome) => [.. _findings.Select(f => f.Drift with
    {
        Repaired = repair && IsRepaired(context, f.Key, outcome),
        Failure = outcome.Refused.GetValueOrDefault(f.Key),
    })];

    /// <summary>Adds what others changed to the findings, and what must be converged in any case to the keys.</summary>
    protected abstract void Judge(PlanContext context, WorkingDevmap devmap, List<(ResourceKey Key, Drift Drift)> findings, List<ResourceKey> keys);

    /// <summary>Whether a finding is repaired now.</summary>
    protected virtual bool IsRepaired(PlanContext context, ResourceKey key, Outcome outcome) => !outcome.Refused.ContainsKey(key);
}

/// <summary>Reports what an audit has found, once for all of it.</summary>
internal sealed class ReportDriftCommand(DevmapId id, int found, int repaired) : WriterCommand<bool>
{
    public override WritePlan Plan(PlanContext context) => new(new Footprint(), [], context.PlannedRevision);

    protected override bool Answer(PlanContext context, Outcome outcome)
    {
        if (context.State.Find(id) is null)
            return false;
        context.Changes.Add(new Change.DriftFound(id, context.LastRevision, found, repaired));
        return true;
    }
}

/// <summary>Compares elements that an audit suspects.</summary>
internal sealed class JudgeElementsCommand(DevmapId id, IReadOnlyList<uint> suspects, bool repair) : JudgeCommand(id, repair)
{
    private readonly DevmapId _id = id;

    protected override void Judge(PlanContext context, WorkingDevmap devmap, List<(ResourceKey Key, Drift Drift)> findings, List<ResourceKey> keys)
    {
        foreach (var kernelKey in suspects)
        {
            var key = new ResourceKey.Element(new ElementId(_id, kernelKey));
            var entry = devmap.Entries.Find(kernelKey);
            var (found, desired) = (Found(context, kernelKey), Desired(context, entry));
            if (IsAsDesired(context, kernelKey, found, entry))
                continue;
            // A change that the kernel refused before may work now, and nobody else has touched it.
            if (entry is { Failure: not null })
                keys.Add(key);
            else if (devmap.Open is null && (entry is null || !IsInTransition(context, entry.Record.Spec.Interface)))
                findings.Add((key, Describe(context, devmap, kernelKey, entry, found, desired)));
        }
    }

    protected override bool IsRepaired(PlanContext context, ResourceKey key, Outcome outcome)
    {
        var kernelKey = ((ResourceKey.Element)key).Id.KernelKey;
        return IsAsDesired(context, kernelKey, Found(context, kernelKey), context.Devmap(_id).Entries.Find(kernelKey));
    }

    private bool IsAsDesired(PlanContext context, uint kernelKey, KernelEntry? found, PlacedEntry? entry) =>
        Convergence.IsAsDesired(context.Kernel(_id), kernelKey, found, Desired(context, entry), entry is null ? null : Convergence.ActionsOf(context, entry.Record));

    private KernelEntry? Found(PlanContext context, uint kernelKey) =>
        context.Kernel(_id).TryLookup(kernelKey, out var element) ? element : null;

    private static KernelEntry? Desired(PlanContext context, PlacedEntry? entry) =>
        entry is null ? null : Convergence.ElementOf(context, entry.Record);

    // The kernel itself removes the elements of devices that go. The news of it is on its way to the writer, or the writer works on it.
    private static bool IsInTransition(PlanContext context, string target) =>
        context.Following.Contains(target)
        || context.State.Targets.IsSwapping(target)
        || context.Reconciled.Find(target)?.Ifindex != context.Interfaces.Find(target)?.Ifindex;

    private static Drift Describe(
        PlanContext context, WorkingDevmap devmap, uint kernelKey, PlacedEntry? entry, KernelEntry? found, KernelEntry? desired)
    {
        var (actions, desiredActions) = (context.Kernel(devmap.Id).ReadActions(kernelKey), entry is null ? null : Convergence.ActionsOf(context, entry.Record));
        return new(
            desired is null ? DriftKind.Unmanaged
            : found is null ? DriftKind.Missing
            : found == desired && actions == desiredActions ? DriftKind.Uncounted
            : DriftKind.Changed,
            entry is null ? kernelKey.ToString(CultureInfo.InvariantCulture) : devmap.KeyText(entry.Record.Key),
            kernelKey,
            null,
            Describe(context, found, actions),
            Describe(context, desired, desiredActions),
            false,
            null);
    }

    private static DriftElement? Describe(PlanContext context, KernelEntry? element, EntryActions? actions) => element is not { } there ? null : new DriftElement(
        there.Ifindex,
        context.Interfaces.Find(there.Ifindex)?.Name,
        there.EgressProgramId == 0 ? null : there.EgressProgramId,
        context.State.ProgramName(there.EgressProgramId),
        actions);
}

/// <summary>Compares the objects around the map: its slots, the links of its redirect program, and the pass programs of its targets.</summary>
internal sealed class JudgeObjectsCommand(DevmapId id, bool repair) : JudgeCommand(id, repair)
{
    protected override void Judge(PlanContext context, WorkingDevmap devmap, List<(ResourceKey Key, Drift Drift)> findings, List<ResourceKey> keys)
    {
        var map = context.Kernel(devmap.Id);
        if (!map.IsActive())
            findings.Add((new ResourceKey.Slot(devmap.Id), new Drift(DriftKind.Inactive, null, null, null, null, null, false, null)));
        var links = map.Links.ToDictionary(l => l.Interface, StringComparer.Ordinal);
        foreach (var (name, attachment) in devmap.Attachments)
        {
            // An attachment without a link is known to be without. An attachment whose device was removed is for the link events.
            if (attachment.Link is not { } link
                || links.GetValueOrDefault(name)?.Ifindex == link.Ifindex
                || context.Interfaces.Find(name)?.Ifindex != link.Ifindex)
            {
                continue;
            }

            findings.Add((new ResourceKey.Attachment(devmap.Id, name), new Drift(DriftKind.Detached, null, null, name, null, null, false, null)));
        }

        JudgePassPrograms(context, devmap, findings);
        JudgePromiscuity(context, devmap, findings, keys);
        JudgePins(context, devmap, findings);
    }

    private static void JudgePromiscuity(PlanContext context, WorkingDevmap devmap, List<(ResourceKey Key, Drift Drift)> findings, List<ResourceKey> keys)
    {
        foreach (var device in Convergence.DesiredPromiscuous(context, devmap))
        {
            if (device.HasPromiscuousFlag)
                continue;
            // A change that the kernel refused before may work now, and nobody else has touched it.
            if (context.State.Promiscuity.GetValueOrDefault(device.Ifindex) is { Failure: not null })
                keys.Add(new ResourceKey.Promiscuity());
            else
                findings.Add((new ResourceKey.Promiscuity(), new Drift(DriftKind.NotPromiscuous, null, null, device.Name, null, null, false, null)));
        }
    }

    // The pins of another devmap are a matter of that devmap. Pins that belong to no devmap are a matter of each.
    private static void JudgePins(PlanContext context, WorkingDevmap devmap, List<(ResourceKey Key, Drift Drift)> findings)
    {
        foreach (var pin in context.FindMissingPins())
        {
            if (!context.State.Devmaps.Any(other => other.Id != devmap.Id && pin.StartsWith($"devmaps/{other.Id.Name}/", StringComparison.Ordinal)))
                findings.Add((new ResourceKey.Pins(), new Drift(DriftKind.Unpinned, null, null, null, null, null, false, null, pin)));
        }
    }

    // A pass program belongs to its target. It is a matter of each devmap that sends there.
    private static void JudgePassPrograms(PlanContext context, WorkingDevmap devmap, List<(ResourceKey Key, Drift Drift)> findings)
    {
        foreach (var (name, placed) in context.State.PassPrograms)
        {
            if (placed.Program is not { } program
                || context.PassPrograms.Find(name)?.Ifindex == program.Ifindex
                || context.Interfaces.Find(name) is not { } device
                || device.Ifindex != program.Ifindex
                || Convergence.TargetOf(context, device) is not { } target
                || !context.State.Targets.IsTargetOf(target.Name, id => id == devmap.Id))
            {
                continue;
            }

            findings.Add((new ResourceKey.Target(target.Name), new Drift(DriftKind.Detached, null, null, name, null, null, false, null)));
        }
    }
}
