using System.Collections.Immutable;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing.Plan;

/// <summary>Attachments and pass programs: what runs on interfaces.</summary>
internal static partial class Convergence
{
    /// <summary>Places an attachment. A pass program in its way is detached first.</summary>
    /// <remarks>
    /// Trust the kernel's view of the link, not our record: a new device can reuse an ifindex. An interface that has another name now is
    /// another interface, and must not keep the program. A link cannot change its mode, so it is made again.
    /// </remarks>
    public static IReadOnlyList<Placement> Attachment(PlanContext context, WorkingDevmap devmap, PlacedAttachment? before, AttachmentRecord record)
    {
        var name = record.Interface;
        var ingress = context.Interfaces.Find(name);
        var link = before?.Link is null ? null : context.Kernel(devmap.Id).FindLink(name);
        var unsuitable = ingress is { CarriesEthernet: false } ? PlacementFailure.Of(InterfaceErrors.NoEthernet("interface", ingress.Name, ingress.Kind)) : null;
        if (unsuitable is null && link is { Ifindex: not 0 } && link.Ifindex == ingress?.Ifindex
            && Suits(context, link.Mode, ingress, before!.Record.Spec.Mode, record.Spec.Mode))
        {
            var kept = before! with { Record = record, Link = link, Failure = null };
            return [new Placement.OfAttachment(devmap.Id, name, before, kept == before ? before : kept, [])];
        }

        var steps = new List<KernelStep>(2);
        if (link is not null)
            steps.Add(new KernelStep.DetachRedirect(devmap.Id, name, link.Ifindex == ingress?.Ifindex ? ingress : null, link.Mode));
        if (ingress is not null && unsuitable is null)
            steps.Add(new KernelStep.AttachRedirect(devmap.Id, ingress with { Name = name }, record.Spec)); // the pin has the name of the attachment
        var after = new PlacedAttachment(record, null, unsuitable) { Since = before?.Since ?? default };
        var attachment = new Placement.OfAttachment(devmap.Id, name, before, after == before ? before : after, steps);
        return ingress is not null && IsXdp(context, record, ingress) && context.State.PassPrograms.GetValueOrDefault(ingress.Name) is { } pass ? [Release(context, ingress.Name, pass), attachment] : [attachment];
    }

    /// <summary>Detaches a redirect program that runs where it must not, and attaches nothing; null if there is nothing to detach.</summary>
    public static Placement.OfAttachment? LetGo(PlanContext context, WorkingDevmap devmap, PlacedAttachment before)
    {
        var name = before.Record.Interface;
        if (before.Link is null)
            return null;
        var link = context.Kernel(devmap.Id).FindLink(name);
        if (link is { Ifindex: not 0 } && link.Ifindex == context.Interfaces.Find(name)?.Ifindex)
            return null;
        return new Placement.OfAttachment(
            devmap.Id, name, before, before with { Link = null, Failure = null }, [new KernelStep.DetachRedirect(devmap.Id, name, null, before.Link.Mode)]);
    }

    /// <summary>Detaches the redirect program of an attachment that is deleted.</summary>
    public static Placement.OfAttachment Deletion(PlanContext context, WorkingDevmap devmap, PlacedAttachment before)
    {
        var (name, ingress) = (before.Record.Interface, context.Interfaces.Find(before.Record.Interface));
        return new(
            devmap.Id, name, before, null,
            [new KernelStep.DetachRedirect(devmap.Id, name, before.Link?.Ifindex == ingress?.Ifindex ? ingress : null, before.Link?.Mode ?? before.Record.Spec.Mode)]);
    }

    /// <summary>Places the promiscuity of each interface that is not as the attachments say. The flag of somebody else stays as it is.</summary>
    public static IReadOnlyList<Placement.OfPromiscuity> Promiscuity(PlanContext context)
    {
        var desired = context.State.Devmaps.SelectMany(d => DesiredPromiscuous(context, d)).DistinctBy(d => d.Ifindex).ToDictionary(d => d.Ifindex);
        List<Placement.OfPromiscuity> placements = [];
        foreach (var (ifindex, before) in context.State.Promiscuity)
        {
            if (!desired.ContainsKey(ifindex))
                placements.Add(new(ifindex, before, null, before.IsOurs && context.Interfaces.Find(ifindex) is { HasPromiscuousFlag: true } device ? [new KernelStep.SetPromiscuous(device, false)] : []));
        }

        foreach (var (ifindex, device) in desired)
        {
            var before = context.State.Promiscuity.GetValueOrDefault(ifindex);
            if (!device.HasPromiscuousFlag)
                placements.Add(new(ifindex, before, new PlacedPromiscuity(device.Name, IsOurs: true), [new KernelStep.SetPromiscuous(device, true)]));
            else if (before is { Failure: not null })
                placements.Add(new(ifindex, before, before.IsOurs ? before with { Failure = null } : null, []));
        }

        return placements;
    }

    /// <summary>Returns the interfaces that must be promiscuous because a devmap's redirect program runs there.</summary>
    public static IEnumerable<InterfaceInfo> DesiredPromiscuous(PlanContext context, WorkingDevmap devmap)
    {
        foreach (var attachment in devmap.Attachments.Values)
        {
            if (attachment.Record.Spec.Promiscuous != Promiscuous.Off
                && attachment.Link is { } link
                && context.Interfaces.Find(link.Ifindex) is { } device
                && Model.Promiscuity.IsDesired(attachment.Record.Spec.Promiscuous, devmap.Definition.Spec.KeySelector, device))
            {
                yield return device;
            }
        }
    }

    // A link that was made for auto keeps its mode. A write that asks for auto in the place of another mode is resolved again.
    private static bool Suits(PlanContext context, AttachMode mode, InterfaceInfo ingress, AttachMode before, AttachMode desired) =>
        desired == AttachMode.Auto ? before == AttachMode.Auto || AutoMode.For(ingress, context.HasTcx)[0] == mode : mode == desired;

    private static bool IsXdp(PlanContext context, AttachmentRecord record, InterfaceInfo ingress) =>
        (record.Spec.Mode == AttachMode.Auto ? AutoMode.For(ingress, context.HasTcx)[0] : record.Spec.Mode) != AttachMode.Tcx;

    /// <summary>
    /// Returns the interfaces whose pass programs depend on these: each itself, which can be the peer of a target that was there before it, and
    /// the one on which it needs a pass program as a target. The ones that lose theirs come first.
    /// </summary>
    public static IReadOnlyList<string> DevicesOf(PlanContext context, IEnumerable<string> interfaces)
    {
        var devices = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in interfaces)
        {
            devices.Add(name);
            if (context.Interfaces.Find(name) is { } target && context.Interfaces.FindEnabler(context.Interfaces.DeviceOf(target)) is { } device)
                devices.Add(device.Name);
        }

        return [.. devices.OrderBy(d => !context.State.PassPrograms.ContainsKey(d) || IsAlive(context, d))];
    }

    /// <summary>Whether the target of an entry that comes or goes may need a pass program, or need one no more.</summary>
    public static bool ConcernsPassPrograms(PlanContext context, string targetName) =>
        context.Interfaces.Find(targetName) is not { } named
        || context.Interfaces.DeviceOf(named) is var target && target.XdpFeatures?.HasFlag(XdpFeatures.NdoXmit) != true
        || (context.Interfaces.FindEnabler(context.Interfaces.DeviceOf(named)) is { } device && context.State.PassPrograms.ContainsKey(device.Name));

    /// <summary>Places the pass program of an interface; null if it is as it must be.</summary>
    public static Placement.OfPassProgram? PassProgram(PlanContext context, string name)
    {
        var before = context.State.PassPrograms.GetValueOrDefault(name);
        var device = context.Interfaces.Find(name);
        var alive = IsAlive(context, name);
        if (device is not null && TargetOf(context, device) is { } target
            && context.Interfaces.FindEnabler(target)?.Ifindex == device.Ifindex && IsNeeded(context, device, target, alive))
        {
            if (alive)
                return null;
            List<KernelStep> steps = before?.Program is { Ifindex: not 0 } ? [new KernelStep.DetachPass(name, null)] : [];
            return new(name, before, new PlacedPassProgram(null, null), target.Name, [.. steps, new KernelStep.AttachPass(device)]);
        }

        // Detaching XDP resets a NIC, so the program lingers there until a redirect program takes its place.
        return before is null || (alive && device!.IsHardware) ? null : Release(context, name, before);
    }

    private static Placement.OfPassProgram Release(PlanContext context, string name, PlacedPassProgram before) => new(
        name, before, null, null, before.Program is null ? [] : [new KernelStep.DetachPass(name, IsAlive(context, name) ? context.Interfaces.Find(name) : null)]);

    // The interface shows whether the program still runs: others can detach a link.
    private static bool IsAlive(PlanContext context, string name) =>
        context.State.PassPrograms.GetValueOrDefault(name)?.Program is { Ifindex: not 0 } program
        && context.Interfaces.Find(name) is { } device
        && program.Ifindex == device.Ifindex
        && context.PassPrograms.Find(name)?.Ifindex == device.Ifindex;

    /// <summary>Returns the interface that accepts redirected frames because of a program on this one.</summary>
    public static InterfaceInfo? TargetOf(PlanContext context, InterfaceInfo device) =>
        device.Kind == "veth" ? context.Interfaces.PeerOf(device) : device;

    private static bool IsNeeded(PlanContext context, InterfaceInfo device, InterfaceInfo target, bool alive)
    {
        if (!context.Interfaces.NamesOfDevice(target.Name).Any(n => context.State.Targets.IsTargetOf(n, id => context.State.Find(id) is { } devmap && EnsuresTargets(devmap, device))))
            return false;
        if (alive)
            return true;
        // An interface that must run a redirect program is left to that, which does as well.
        return device.XdpProgramId is null
            && target.XdpFeatures?.HasFlag(XdpFeatures.NdoXmit) != true
            && !context.Interfaces.NamesOf(device.Name).Any(n => context.State.Devmaps.Any(d => d.Attachments.GetValueOrDefault(n) is { } a && IsXdp(context, a.Record, device)));
    }

    /// <summary>Returns the state and the interfaces as they would be if entries of the devmap sent to these targets: the pass programs that these need run.</summary>
    public static (Snapshot Snapshot, InterfaceTable Interfaces) WithPassPrograms(
        Snapshot snapshot, DevmapState devmap, InterfaceTable interfaces, IEnumerable<string> targets)
    {
        foreach (var name in targets)
        {
            if (interfaces.Find(name) is not { } target
                || target.XdpFeatures?.HasFlag(XdpFeatures.NdoXmit) == true
                || interfaces.FindEnabler(target) is not { XdpProgramId: null } device
                || snapshot.PassPrograms.ContainsKey(device.Name)
                || !EnsuresTargets(devmap.Definition.Spec, devmap.Attachments, device))
            {
                continue;
            }

            snapshot = snapshot with { PassPrograms = snapshot.PassPrograms.SetItem(device.Name, new PlacedPassProgram(new PassProgram(device.Name, device.Ifindex, 0, 0), null)) };
            if (target.XdpFeatures is { } features)
                interfaces = interfaces.With(target with { XdpFeatures = features | XdpFeatures.NdoXmit | XdpFeatures.NdoXmitSg });
        }

        return (snapshot, interfaces);
    }

    private static bool EnsuresTargets(WorkingDevmap devmap, InterfaceInfo device) => EnsuresTargets(devmap.Definition.Spec, devmap.Attachments, device);

    // Frames of a devmap in generic or tcx mode need no pass program. Where a devmap is attached nowhere yet, native mode is expected.
    private static bool EnsuresTargets(DevmapSpec spec, ImmutableSortedDictionary<string, PlacedAttachment> attachments, InterfaceInfo device) =>
        (spec.EnsureTargets == EnsureTargets.On || (spec.EnsureTargets == EnsureTargets.Auto && !device.IsHardware))
        && (attachments.IsEmpty || attachments.Values.Any(a => (a.Link?.Mode ?? a.Record.Spec.Mode) == AttachMode.Native));
}
