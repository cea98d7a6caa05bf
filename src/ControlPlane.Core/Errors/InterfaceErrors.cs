using System.Globalization;

namespace ControlPlane.Core.Errors;

/// <summary>The errors about interfaces and attachments.</summary>
public static class InterfaceErrors
{
    /// <summary>The interface that the request addresses does not exist: 404 and NOT_FOUND.</summary>
    public static Error NotFound(string name) => new(ErrorCode.InterfaceNotFound, Absent(name))
    {
        IsAddressed = true,
        Resource = $"interfaces/{name}",
        Remedy = new Remedy("Create the interface first. The list shows the interfaces of the daemon's network namespace.", Calls.ListInterfaces()),
    };

    /// <summary>An interface that a field names does not exist: 422 and FAILED_PRECONDITION.</summary>
    /// <param name="field">The field.</param>
    /// <param name="name">The name of the interface.</param>
    /// <param name="pendingPossible">Whether the write can be accepted before the interface exists.</param>
    public static Error Missing(string field, string name, bool pendingPossible) => new(ErrorCode.InterfaceNotFound, Absent(name))
    {
        Fields = [new FieldViolation(field, $"no interface '{name}'")],
        Resource = $"interfaces/{name}",
        Remedy = new Remedy(
            pendingPossible
                ? "Create the interface first, or set allowPending: the write then takes effect when the interface appears."
                : "Create the interface first. The list shows the interfaces of the daemon's network namespace.",
            Calls.ListInterfaces()),
    };

    /// <summary>The frames of the interface have no Ethernet headers.</summary>
    /// <param name="field">The field that names the interface.</param>
    /// <param name="name">The interface.</param>
    /// <param name="kind">Its kind; null for hardware.</param>
    public static Error NoEthernet(string field, string name, string? kind) => new(ErrorCode.InterfaceUnsuitable, NoEthernet(name, kind))
    {
        Fields = [new FieldViolation(field, "must be an interface whose frames have Ethernet headers")],
        Resource = $"interfaces/{name}",
        Remedy = CommonRemedies.UseEthernet(),
    };

    /// <summary>The frames of the interface have no Ethernet headers, in a sentence.</summary>
    public static string NoEthernet(string name, string? kind) =>
        $"'{name}'{(kind is null ? "" : $" is of the kind '{kind}' and")} carries bare packets without Ethernet headers, which redirected frames have.";

    /// <summary>Nothing can be attached to the loopback interface.</summary>
    public static Error Loopback(string name) =>
        new(
            ErrorCode.InterfaceUnsuitable,
            "The loopback interface carries the host's own traffic, this API included. A redirect program there would take that traffic away.")
        {
            Fields = [new FieldViolation("interface", "must not be the loopback interface")],
            Resource = $"interfaces/{name}",
            Remedy = new Remedy(
                "Attach to the interface that the frames arrive on; for a trial, create a veth.", "ip link add veth-a type veth peer name veth-b"),
        };

    private static string Absent(string name) => $"There is no interface '{name}' in the daemon's network namespace.";
}

/// <summary>The errors about attachments.</summary>
public static class AttachmentErrors
{
    /// <summary>There is no such attachment.</summary>
    public static Error NotFound(string devmap, string interfaceName) =>
        new(ErrorCode.AttachmentNotFound, $"The redirect program of the devmap '{devmap}' is not attached to '{interfaceName}'.")
        {
            Resource = $"devmaps/{devmap}/attachments/{interfaceName}",
            Remedy = new Remedy("The list shows the attachments of the devmap.", Calls.ListAttachments(devmap)),
        };

    /// <summary>The interface runs the redirect program of another devmap.</summary>
    public static Error HeldByOtherDevmap(string interfaceName, string otherDevmap, string? otherOwner = null) =>
        new(
            ErrorCode.AttachConflict,
            $"'{interfaceName}' runs the redirect program of the devmap '{otherDevmap}'; an interface runs one XDP program.")
        {
            Fields = [new FieldViolation("interface", $"held by 'devmaps/{otherDevmap}/attachments/{interfaceName}'")],
            Resource = $"devmaps/{otherDevmap}/attachments/{interfaceName}",
            Remedy = new Remedy("Delete the other attachment first.", Calls.DeleteAttachment(otherDevmap, interfaceName, otherOwner)),
        };

    /// <summary>The kernel has no tcx.</summary>
    public static Error NoTcx(AttachmentWrite attachment) =>
        new(ErrorCode.NotSupported, "This kernel has no tcx, which came with Linux 6.6.")
        {
            Fields = [new FieldViolation("mode", "tcx needs Linux 6.6")],
            Resource = attachment.Resource,
            Remedy = new Remedy("Let the daemon choose the mode.", attachment.With("mode", "auto")),
        };

    /// <summary>The kernel does not attach a redirect program.</summary>
    /// <param name="attachment">The write of the attachment.</param>
    /// <param name="mode">The mode: <c>native</c>, <c>generic</c>, <c>tcx</c> or <c>auto</c>.</param>
    /// <param name="mtu">The MTU of the interface.</param>
    /// <param name="rxQueues">The receive queues of the interface.</param>
    /// <param name="errno">The kernel's errno.</param>
    /// <param name="kernelMessage">The kernel's refusal in words.</param>
    /// <param name="peer">The peer of a veth; null for another device.</param>
    /// <param name="other">The mode (<c>native</c> or <c>generic</c>) and the id of the XDP program that runs there; null for none.</param>
    public static Error Refused(
        AttachmentWrite attachment, string mode, uint mtu, uint rxQueues, int errno, string kernelMessage,
        PeerPlace? peer = null, (string Mode, uint ProgramId)? other = null)
    {
        var interfaceName = attachment.Interface;
        var generic = mode == "native" ? attachment.With("mode", "generic") : null;
        var (code, detail, remedy) = errno switch
        {
            Errno.EBUSY or Errno.EEXIST => (
                ErrorCode.AttachConflict,
                $"Another XDP program holds '{interfaceName}'.",
                CommonRemedies.DetachOther(interfaceName, other)),
            Errno.EOPNOTSUPP or Errno.ENOTSUPP => (
                ErrorCode.InterfaceUnsuitable,
                $"The driver of '{interfaceName}' has no {mode} XDP.",
                generic is null ? null : new Remedy("Attach in generic mode.", generic)),
            Errno.ERANGE => (
                ErrorCode.InterfaceUnsuitable,
                string.Create(CultureInfo.InvariantCulture, $"A frame of the MTU that '{interfaceName}' receives (its own is {mtu}; for a veth the peer's counts) does not fit into one XDP buffer."),
                peer is null
                    ? new Remedy("Set an MTU of at most 3500 bytes on the interface; or attach in generic mode.", $"ip link set dev {interfaceName} mtu 3500")
                    : CommonRemedies.AtPeer("Set the MTU of {0} to at most 3500; or attach in generic mode.", "ip link set dev {0} mtu 3500", peer) with { Call = generic }),
            Errno.ENOSPC => (
                ErrorCode.InterfaceUnsuitable,
                string.Create(CultureInfo.InvariantCulture, $"'{interfaceName}' has {rxQueues} receive queues, fewer than the transmit queues of its peer."),
                (peer is null
                    ? new Remedy("Create the veth with as many receive queues as its peer has transmit queues; or attach in generic mode.")
                    : CommonRemedies.AtPeer(
                        string.Create(CultureInfo.InvariantCulture, $"Give {{0}} no more than {rxQueues} transmit queues; or attach in generic mode."),
                        string.Create(CultureInfo.InvariantCulture, $"ethtool -L {{0}} tx {rxQueues}"),
                        peer)) with { Call = generic }),
            Errno.EINVAL => (
                ErrorCode.InterfaceUnsuitable,
                $"The driver of '{interfaceName}' does not take the redirect program in {mode} mode as the device is set up now.",
                generic is null ? null : new Remedy("Look for the driver's reason in the kernel's log, or attach in generic mode.") { Commands = ["dmesg | tail"], Call = generic }),
            _ => (ErrorCode.KernelFailure, kernelMessage, (Remedy?)null),
        };
        return new Error(code, detail)
        {
            Errno = errno,
            Remedy = remedy,
            Resource = $"interfaces/{interfaceName}",
            Fields = [new FieldViolation("interface", detail)],
        };
    }
}
