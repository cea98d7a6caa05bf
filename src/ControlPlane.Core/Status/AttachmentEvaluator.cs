using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Status;

/// <summary>
/// Derives the status of the attachments of one devmap. Trusts the kernel's view of a link, not the daemon's record: other tools can
/// detach a link, and the kernel does not announce that.
/// </summary>
internal sealed class AttachmentEvaluator(Snapshot state, IDevmap map, InterfaceTable interfaces, FactTimes times)
{
    private readonly KeySelector _selector = map.Definition.Spec.KeySelector;

    private static readonly Condition _attached = ConditionTypes.Attached.True("Attached", "The redirect program runs on the interface.");

    private const string DetachedReason = "Detached";

    private static readonly Condition _attachedToHardware = ConditionTypes.Attached.True(
        "Attached", $"The redirect program runs on the interface. {CommonRemedies.ResetsNic} Detaching does so, too.");

    /// <summary>Returns the attachment as the API shows it.</summary>
    public Attachment View(PlacedAttachment attachment)
    {
        var record = attachment.Record;
        var link = map.LiveLink(attachment, interfaces);
        var (shown, condition) = (link, attachment.Failure) switch
        {
            (_, { } failure) => (AttachmentState.Failed, ConditionTypes.Attached.False(failure.Reason, failure.Message, failure.Remedy)),
            (null, _) when interfaces.Find(record.Interface) is { } ingress => (AttachmentState.Pending, state.IsRestoring ? BeingAttached(ConditionTypes.Attached, record.Devmap) : Detached(ConditionTypes.Attached, record.Devmap, ingress)),
            (null, _) => (AttachmentState.Pending, ConditionTypes.Attached.False(
                "NoSuchInterface",
                $"There is no interface '{record.Interface}'; the redirect program is attached when the interface appears.",
                CommonRemedies.CreateInterface(record.Interface))),
            _ => (AttachmentState.Attached, interfaces.Find(record.Interface) is { IsHardware: true } ? _attachedToHardware : _attached),
        };
        return new Attachment(
            record.Devmap, interfaces.Canonical(record.Interface), record.Revision, record.CreateTime, record.UpdateTime, record.Spec,
            new AttachmentStatus(shown, link?.Ifindex, link?.LinkId, link?.Mode, link?.ProgramId, [condition with { LastTransitionTime = condition.Reason == DetachedReason ? times.OfDetached(record.Devmap, record.Interface) : attachment.Since }, .. IngressConditions(record, link)]));
    }

    // Facts about the ingress while the program runs there.
    private IEnumerable<Condition> IngressConditions(AttachmentRecord record, DevmapLink? link)
    {
        if (link is null || interfaces.Find(link.Ifindex) is not { } ingress)
            yield break;
        var seen = times.Of(ingress.Name, ingress);
        yield return Redirects(record, link.Mode, ingress) with { LastTransitionTime = seen.Xdp };
        var way = IngressLink.Of(map.Definition.Spec, new(record, link), ingress, interfaces);
        yield return BesideConditions.OfAttachment(way, _selector.ReadsTag) with { LastTransitionTime = TransitionTimes.OfOffloads(times, way) };
        if (_selector.NeedsAllAddresses || record.Spec.Promiscuous == Promiscuous.On)
            yield return ReceivesAll(record, ingress) with { LastTransitionTime = seen.Promiscuous };
    }

    private static Condition Redirects(AttachmentRecord record, AttachMode mode, InterfaceInfo ingress)
    {
        var type = ConditionTypes.IngressRedirects;
        if (mode != AttachMode.Native)
            return type.True("NotInDriver", "The redirect program does not run in the driver, so the driver needs no support for redirects.");
        if (ingress.XdpFeatures?.HasFlag(XdpFeatures.Redirect) ?? (ingress.Kind == "veth" || LinkKinds.IsTap(ingress)))
            return type.True("DriverRedirects", $"The driver of '{ingress.Name}' can redirect frames.");
        var remedy = CommonRemedies.AttachGeneric(record.ToWrite());
        return ingress.XdpFeatures is null
            ? type.Unknown("FeaturesUnseen", $"This kernel does not report whether the driver of '{ingress.Name}' can redirect frames; Linux 6.3 and later do.", remedy)
            : type.False("DriverWithoutRedirect", $"The driver of '{ingress.Name}' runs XDP programs but cannot redirect frames; it drops them silently.", remedy);
    }

    private Condition ReceivesAll(AttachmentRecord record, InterfaceInfo ingress)
    {
        var type = ConditionTypes.IngressReceivesAll;
        if (!LinkKinds.FiltersAddresses(ingress))
            return type.True("NoFilter", $"'{ingress.Name}' shows the redirect program the frames for all addresses.");
        var promiscuity = state.Promiscuity.GetValueOrDefault(ingress.Ifindex);
        if (ingress.IsPromiscuous)
            return type.True("Promiscuous", $"'{ingress.Name}' is promiscuous{(promiscuity is { IsOurs: true } ? ": this daemon set it so" : "")}.");
        var refused = promiscuity?.Failure is { } failure ? $" The kernel refuses to make it so: {failure.Message}" : "";
        return type.False(
            "NotPromiscuous",
            $"'{ingress.Name}' is not promiscuous: frames for other addresses than its own do not reach the redirect program.{refused}",
            Promiscuity.IsDesired(record.Spec.Promiscuous, _selector, ingress) ? CommonRemedies.Audit(record.Devmap) : CommonRemedies.SetPromiscuous(record.ToWrite()));
    }

    /// <summary>The redirect program does not run yet after a start.</summary>
    public static Condition BeingAttached(ConditionType type, string devmap) =>
        type.False("BeingAttached", $"The daemon has just started, and attaches the redirect program of '{devmap}' after it has written the entries.", CommonRemedies.AwaitStart());

    /// <summary>The redirect program does not run although it was attached and the interface exists.</summary>
    public static Condition Detached(ConditionType type, string devmap, InterfaceInfo ingress) => type.False(
        DetachedReason, $"The redirect program of '{devmap}' was detached from '{ingress.Name}' by somebody else.", CommonRemedies.Audit(devmap));
}

/// <summary>An attachment whose redirect program runs now.</summary>
/// <param name="Attachment">The attachment.</param>
/// <param name="Link">Its link.</param>
internal readonly record struct LiveLink(AttachmentRecord Attachment, DevmapLink Link);

/// <summary>The links of attachments, as the kernel has them.</summary>
internal static class LiveLinks
{
    /// <summary>Returns the link of an attachment if it runs on the interface of that name now; else null.</summary>
    public static DevmapLink? LiveLink(this IDevmapReader map, PlacedAttachment attachment, InterfaceTable interfaces) =>
        map.FindLink(attachment.Record.Interface) is { Ifindex: not 0 } link && link.Ifindex == interfaces.Find(attachment.Record.Interface)?.Ifindex
            ? link
            : null;

    /// <summary>Returns the links of attachments that run now.</summary>
    /// <param name="map">The devmap in the kernel.</param>
    /// <param name="attachments">The attachments.</param>
    /// <param name="interfaces">The interfaces.</param>
    /// <param name="ingress">The only interface to ask about, by any of its names; null for all.</param>
    public static IReadOnlyList<LiveLink> Links(
        this IDevmapReader map, IReadOnlyDictionary<string, PlacedAttachment> attachments, InterfaceTable interfaces, string? ingress)
    {
        var own = ingress is null ? null : interfaces.Canonical(ingress);
        var links = new List<LiveLink>();
        foreach (var (name, attachment) in attachments)
        {
            if ((own is null || interfaces.Canonical(name) == own) && map.LiveLink(attachment, interfaces) is { } link)
                links.Add(new(attachment.Record, link));
        }

        return links;
    }
}
