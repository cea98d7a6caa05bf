using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Status;

namespace ControlPlane.Core.Writing.Plan;

/// <summary>Turns refusals of the kernel into errors of the catalogue.</summary>
internal static class KernelErrors
{
    /// <summary>A refusal that no check foresaw.</summary>
    public static ControlPlaneException Unforeseen(KernelException e) => new(RequestErrors.KernelRefused(e), e);

    /// <summary>The devmap holds as many entries as it can.</summary>
    public static ControlPlaneException Full(DevmapRecord devmap, int? errno = null) =>
        new(DevmapErrors.Full(devmap.Name, devmap.Spec.MaxEntries, errno));

    /// <summary>There is no such interface; <paramref name="field"/> named it.</summary>
    public static ControlPlaneException NoInterface(string field, string name, bool pendingPossible) =>
        new(InterfaceErrors.Missing(field, name, pendingPossible));

    /// <summary>The kernel does not attach a redirect program.</summary>
    /// <param name="e">The refusal.</param>
    /// <param name="devmap">The devmap.</param>
    /// <param name="ingress">The interface as the kernel has it now: it announces no program that others attach by a link.</param>
    /// <param name="peer">The peer of a veth; null if it is in another network namespace.</param>
    /// <param name="spec">The desired state of the attachment.</param>
    public static ControlPlaneException Attach(KernelException e, string devmap, InterfaceInfo ingress, InterfaceInfo? peer, AttachmentSpec spec) => new(
        AttachmentErrors.Refused(
            spec.ToWrite(devmap, ingress.Name), spec.Mode.ToText(), ingress.Mtu, ingress.RxQueues, e.Errno, e.Message,
            ingress.Kind == "veth" ? TargetConditions.PlaceOf(ingress, peer) : null,
            ingress is { XdpMode: { } other, XdpProgramId: { } program } ? (other.ToText(), program) : null),
        e);
}
