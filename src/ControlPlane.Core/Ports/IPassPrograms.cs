using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Ports;

/// <summary>
/// A program that passes every frame, attached in native mode where an interface needs an XDP program so that a target accepts
/// redirected frames; which interface that is for a target, <see cref="InterfaceTable.FindEnabler"/> says. Pinned: it stays while no
/// daemon runs. For the writer's thread.
/// </summary>
public interface IPassPrograms
{
    /// <summary>Opens what is pinned; called once, at start, before any other member.</summary>
    /// <returns>As <see cref="Attached"/>.</returns>
    /// <exception cref="ControlPlaneException">A pin is not ours.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    IReadOnlyList<PassProgram> Adopt(WriterScope scope);

    /// <summary>Where the program is attached, dead links (whose interface was removed) included, by name.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    IReadOnlyList<PassProgram> Attached { get; }

    /// <summary>Returns the link of this interface's name as the kernel has it now (<c>xdp_ifindex</c> 0: dead); null when there is none.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    PassProgram? Find(string interfaceName);

    /// <summary>
    /// Attaches the program by a pinned <c>bpf_link</c>. A dead link under the same name is replaced. The effect shows in
    /// the target's xdp-features, which are announced as any change of an interface is.
    /// </summary>
    /// <exception cref="KernelException">
    /// EBUSY or EEXIST: the interface has an XDP program already, ours under this name included. EINVAL: no such interface.
    /// EOPNOTSUPP: no native XDP. ERANGE, ENOSPC, EINVAL: the driver cannot do it with its MTU, queues or offloads.
    /// </exception>
    PassProgram Attach(WriterScope scope, InterfaceInfo device);

    /// <summary>Detaches from the interface of this name and removes the pin. False when there was no such link.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    bool Detach(WriterScope scope, string interfaceName);
}

/// <summary>A pinned <c>bpf_link</c> of the pass program.</summary>
/// <param name="Interface">The name it was made for, which is also its pin's name: a rename does not change it.</param>
/// <param name="Ifindex">The ifindex it is attached to; 0 if that device was removed and the link is dead.</param>
/// <param name="LinkId">The link's id.</param>
/// <param name="ProgramId">The program's id, as the interface shows it; the same for all.</param>
public sealed record PassProgram(string Interface, uint Ifindex, uint LinkId, uint ProgramId);
