using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Writing;

/// <summary>What an errno means in the place where it came up.</summary>
internal static class KernelErrors
{
    /// <summary>A refusal that no check foresaw.</summary>
    public static ControlPlaneException Unforeseen(KernelException e) =>
        new(new Error(ErrorCode.KernelFailure, e.Message) { Errno = e.Errno, VerifierLog = e.VerifierLog }, e);

    /// <summary>The devmap holds all it can.</summary>
    public static ControlPlaneException Full(DevmapRecord devmap, int? errno = null) =>
        new(new Error(
            ErrorCode.DevmapFull,
            string.Create(CultureInfo.InvariantCulture, $"The devmap '{devmap.Name}' holds its maximum of {devmap.Spec.MaxEntries} entries."))
        {
            Resource = $"devmaps/{devmap.Name}",
            Errno = errno,
            Remedy = "Delete entries, or configure a larger MaxEntries.",
        });

    /// <summary>There is no such interface; <paramref name="field"/> named it.</summary>
    public static ControlPlaneException NoInterface(string field, string name, bool pendingPossible) =>
        new(new Error(ErrorCode.InterfaceNotFound, $"There is no interface '{name}' in the daemon's network namespace.")
        {
            Fields = [new FieldViolation(field, $"no interface '{name}'")],
            Resource = $"interfaces/{name}",
            Remedy = pendingPossible
                ? "Create the interface first, or set allowPending: the write then takes effect when the interface appears."
                : "Create the interface first; GET /v1/interfaces lists what there is.",
        });

    /// <summary>The interface that the request addresses does not exist.</summary>
    public static ControlPlaneException NoAddressedInterface(string name) =>
        new(new Error(ErrorCode.InterfaceNotFound, $"There is no interface '{name}' in the daemon's network namespace.")
        {
            IsAddressed = true,
            Resource = $"interfaces/{name}",
            Remedy = "Create the interface first; GET /v1/interfaces lists what there is.",
        });

    /// <summary>Why the kernel does not attach a redirect program.</summary>
    public static ControlPlaneException Attach(KernelException e, InterfaceInfo ingress, AttachMode mode)
    {
        var name = ingress.Name;
        var (code, detail, remedy) = e.Errno switch
        {
            Errno.EBUSY or Errno.EEXIST => (
                ErrorCode.AttachConflict,
                $"Another XDP program holds '{name}'.",
                $"See it with 'ip -d link show dev {name}'; take it off with 'ip link set dev {name} xdp off', or stop whoever owns it."),
            Errno.EOPNOTSUPP or Errno.ENOTSUPP => (
                ErrorCode.InterfaceUnsuitable,
                $"The driver of '{name}' has no {ModeText(mode)} XDP.",
                mode == AttachMode.Native ? "Attach in generic mode." : null),
            Errno.ERANGE => (
                ErrorCode.InterfaceUnsuitable,
                string.Create(CultureInfo.InvariantCulture, $"A frame of the MTU that '{name}' receives (its own is {ingress.Mtu}; for a veth its peer's counts) does not fit into one XDP buffer."),
                "Set an MTU of at most 3500 bytes on the interface and, for a veth, on its peer; or attach in generic mode."),
            Errno.ENOSPC => (
                ErrorCode.InterfaceUnsuitable,
                string.Create(CultureInfo.InvariantCulture, $"'{name}' has {ingress.RxQueues} receive queues, fewer than its peer has transmit queues."),
                "Create the veth with as many receive queues as its peer has transmit queues; or attach in generic mode."),
            Errno.EINVAL => (
                ErrorCode.InterfaceUnsuitable,
                $"The driver of '{name}' does not take the redirect program in {ModeText(mode)} mode as the device is set up now.",
                mode == AttachMode.Native ? "Look at the kernel's log for the driver's reason, or attach in generic mode." : null),
            _ => (ErrorCode.KernelFailure, e.Message, (string?)null),
        };
        return new ControlPlaneException(
            new Error(code, detail) { Errno = e.Errno, Remedy = remedy, Resource = $"interfaces/{name}", Fields = [new FieldViolation("interface", detail)] },
            e);
    }

    private static string ModeText(AttachMode mode) => mode == AttachMode.Native ? "native" : "generic";
}
