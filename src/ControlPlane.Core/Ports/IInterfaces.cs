using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Ports;

/// <summary>The interfaces of the daemon's network namespace.</summary>
/// <remarks>
/// The kernel queues its notifications before the system call that changes an interface returns, so <see cref="Refresh"/> shows the
/// change as soon as the command that made it has ended. Measured on Linux 6.18: in 200 of 200 cases this holds for add, delete, rename,
/// MTU, administrative state (rtnetlink) and for xdp-features (genetlink <c>netdev</c>). Two facts are exceptions. A lost or regained
/// carrier is announced by a work queue (linkwatch): late in 7 % of the cases, by 0.1 to 15 ms on an idle host; the kernel limits these
/// announcements for hardware to about one per second. For a veth whose peer is in this namespace, the peer's own notification
/// is used, so its carrier is never late. And the kernel does not announce an XDP program that a <c>bpf_link</c> attaches or detaches:
/// <see cref="Refresh"/> shows those of this process at once, and those of others after the next change or <see cref="Query(uint)"/>.
/// </remarks>
public interface IInterfaces
{
    /// <summary>All interfaces as of the latest refresh. A monitor refreshes after each notification, so the table is late by well under a millisecond when idle.</summary>
    InterfaceTable Current { get; }

    /// <summary>
    /// Drains the notifications without waiting, asks the kernel for the interfaces that they name, and returns the table. If
    /// notifications were lost, it asks for all interfaces. Safe on any thread. When idle it costs two system calls that return
    /// EAGAIN, and returns the same table.
    /// </summary>
    /// <remarks>A change that a refresh finds is passed to watchers by the monitor's thread, as any other.</remarks>
    /// <exception cref="KernelException">The kernel refused. The next refresh asks again.</exception>
    InterfaceTable Refresh();

    /// <summary>Makes the next refresh ask the kernel for this interface, for a change that the kernel does not announce.</summary>
    void Invalidate(uint ifindex);

    /// <summary>Asks the kernel, now, for the interface that has this name or this alternative name. Returns null if there is none.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    InterfaceInfo? Query(string name);

    /// <summary>Asks the kernel, now, for the interface of this index. Returns null if there is none.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    InterfaceInfo? Query(uint ifindex);

    /// <summary>
    /// Sets or clears the administrative flag <c>IFF_PROMISC</c> of an interface. It is announced as any change of an interface is, and stays
    /// while no daemon runs.
    /// </summary>
    /// <exception cref="KernelException">The kernel refused. ENODEV: no such interface.</exception>
    void SetPromiscuous(WriterScope scope, uint ifindex, bool promiscuous);

    /// <summary>
    /// Calls <paramref name="onChange"/> after <see cref="Current"/> has changed, with the names of the changed interfaces. Calls come
    /// from the monitor's thread, one at a time, and several changes can be merged into one call. Disposing the result ends the calls.
    /// </summary>
    IDisposable Watch(Action<LinkChanges> onChange);
}

/// <summary>Finds interfaces by any of their names.</summary>
public static class InterfaceNames
{
    /// <summary>Returns the interface that has this name or this alternative name, or null.</summary>
    /// <remarks>
    /// The kernel does not announce a new alternative name of an interface that is down. So the kernel is asked unless the name is that of
    /// an interface in the table.
    /// </remarks>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static InterfaceInfo? Resolve(this IInterfaces interfaces, string name) =>
        interfaces.Refresh().Find(name) is { } found && found.Name == name ? found : interfaces.Query(name);

    /// <summary>Returns the name of the interface that has this name or this alternative name; the same name if there is none.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static string Canonical(this IInterfaces interfaces, string name) => interfaces.Resolve(name)?.Name ?? name;
}

/// <summary>Which interfaces changed; what is true of them now stands in <see cref="IInterfaces.Current"/>.</summary>
/// <param name="Names">Names that appeared, went or changed, with alternative names and the old names of renamed interfaces.</param>
/// <param name="Everything">Notifications were lost: anything may have changed.</param>
public sealed record LinkChanges(IReadOnlySet<string> Names, bool Everything);
