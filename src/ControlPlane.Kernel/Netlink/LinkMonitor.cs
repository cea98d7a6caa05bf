using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Native;
using static ControlPlane.Kernel.Native.Libc;
using static ControlPlane.Kernel.Native.NetlinkConstants;

namespace ControlPlane.Kernel.Netlink;

/// <summary>Listens to link notifications, and keeps the table of interfaces that follows from them.</summary>
/// <remarks>
/// A turn drains both sockets and then asks the kernel for each interface that a notification names. If notifications were lost
/// (ENOBUFS, once, before the surviving ones), a turn asks for all interfaces. One thread at a time takes turns. Any thread may call
/// <see cref="Wake"/> and <see cref="Wait"/> at the same time.
/// </remarks>
internal sealed unsafe class LinkMonitor : IDisposable
{
    /// <summary>The requested receive buffer: room for some thousands of notifications.</summary>
    public const int DefaultReceiveBufferBytes = 8 * 1024 * 1024;

    private const int DatagramBytes = 64 * 1024;
    private const int DatagramsPerTurn = 8192;
    private const int AskForAllAbove = 256;

    private readonly LinkQueries _queries;
    private readonly NetlinkSocket _links;
    private readonly NetlinkSocket? _features;
    private readonly FileDescriptor _wake;
    private readonly LinkNotices _notices = new();
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(DatagramBytes);

    /// <summary>Starts listening, then reads all interfaces into <see cref="Table"/>.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public LinkMonitor(LinkQueries queries, int receiveBufferBytes)
    {
        _queries = queries;
        _wake = FileDescriptor.FromLibbpf(KernelCall.FromLibc(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), "eventfd");
        try
        {
            _links = Listen(NETLINK_ROUTE, RTNLGRP_LINK, receiveBufferBytes);
            if (queries.Netdev is { } netdev)
                _features = Listen(NETLINK_GENERIC, netdev.ManagementGroup, receiveBufferBytes);
            Table = queries.QueryAll();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>All interfaces as of the latest turn.</summary>
    public InterfaceTable Table { get; private set; }

    /// <summary>Whether the latest turn has left notifications in a socket, so that another turn is due at once.</summary>
    public bool IsBehind { get; private set; }

    /// <summary>Ends a <see cref="Wait"/> from another thread.</summary>
    public void Wake()
    {
        var one = 1UL;
        _ = write(_wake, &one, sizeof(ulong)); // fails only if it is full of wake-ups, which has the same effect
    }

    /// <summary>Waits for a notification, a <see cref="Wake"/> or the deadline (-1: none).</summary>
    public void Wait(int timeoutMs)
    {
        var descriptors = stackalloc pollfd[3];
        descriptors[0] = new pollfd { fd = _wake.Number, events = POLLIN };
        descriptors[1] = new pollfd { fd = _links.Handle.Number, events = POLLIN };
        descriptors[2] = new pollfd { fd = _features?.Handle.Number ?? -1, events = POLLIN };
        var ready = KernelCall.FromLibc(poll(descriptors, 3, timeoutMs));
        if (!KernelCall.Interrupted(ready))
            KernelCall.Check(ready, "poll(netlink)");
        ulong count;
        _ = read(_wake, &count, sizeof(ulong));
    }

    /// <summary>Returns whether a notification or an overflow waits in a socket. Safe on any thread, without waiting.</summary>
    public bool HasNotifications()
    {
        var descriptors = stackalloc pollfd[2];
        descriptors[0] = new pollfd { fd = _links.Handle.Number, events = POLLIN };
        descriptors[1] = new pollfd { fd = _features?.Handle.Number ?? -1, events = POLLIN };
        // A failed poll counts as a notification: the turn that follows reports the failure.
        return poll(descriptors, 2, 0) != 0;
    }

    /// <summary>Takes one turn: drains the sockets and updates <see cref="Table"/>.</summary>
    /// <param name="alsoAsk">Indexes to ask for although no notification names them.</param>
    /// <returns>The changes; null if there are none.</returns>
    /// <exception cref="KernelException">The kernel refused. The notices stay for the next turn.</exception>
    public LinkChanges? Turn(IEnumerable<uint> alsoAsk)
    {
        _notices.Ifindexes.UnionWith(alsoAsk);
        IsBehind = !(Drain(_links) & Drain(_features));
        // After an overflow the kernel continues to lose messages until the queue is empty.
        if (_notices.IsEmpty || (_notices.Overflowed && IsBehind))
            return null;

        var before = Table;
        Table = _notices.Overflowed || _notices.Ifindexes.Count > AskForAllAbove ? _queries.QueryAll() : AskForEach(before);
        var names = _notices.Names.ToHashSet();
        AddDifferences(names, before, Table, _notices);
        var changes = names.Count > 0 || _notices.Overflowed ? new LinkChanges(names, _notices.Overflowed) : null;
        _notices.Clear();
        return changes;
    }

    public void Dispose()
    {
        _links?.Dispose();
        _features?.Dispose();
        _wake.Dispose();
    }

    private static NetlinkSocket Listen(int protocol, uint group, int receiveBufferBytes)
    {
        var socket = new NetlinkSocket(protocol);
        try
        {
            socket.SetReceiveBuffer(receiveBufferBytes);
            socket.Join(group);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // Returns whether the socket is empty.
    private bool Drain(NetlinkSocket? socket)
    {
        if (socket is null)
            return true;
        for (var datagrams = 0; datagrams < DatagramsPerTurn; datagrams++)
        {
            var length = socket.Receive(_buffer, MSG_DONTWAIT);
            if (length == NetlinkSocket.Nothing)
                return true;
            if (length < 0 && -length is not (Errno.ENOBUFS or Errno.ENOMEM))
                throw KernelCall.Failure("recvfrom(netlink notifications)", -length);
            if (length < 0 || length > _buffer.Length)
            {
                _notices.Overflowed = true;
                continue;
            }

            foreach (var message in new NetlinkMessages(_buffer.AsSpan(0, length)))
                _notices.Add(message, _queries.Netdev, Table);
        }

        return false;
    }

    // Removes devices first, so that a name that has passed to another device ends with that device.
    private InterfaceTable AskForEach(InterfaceTable table)
    {
        var answers = _notices.Ifindexes.Select(ifindex => (Ifindex: ifindex, Info: _queries.Query(ifindex))).ToList();
        table = answers.Where(a => a.Info is null).Aggregate(table, (t, a) => t.Without(a.Ifindex));
        return answers.Where(a => a.Info is not null).Aggregate(table, (t, a) => t.With(a.Info!));
    }

    private static void AddDifferences(HashSet<string> names, InterfaceTable before, InterfaceTable after, LinkNotices notices)
    {
        var wholeTables = notices.Overflowed || notices.Ifindexes.Count > AskForAllAbove;
        var ifindexes = wholeTables ? before.All.Concat(after.All).Select(i => i.Ifindex).Distinct() : notices.Ifindexes;
        foreach (var ifindex in ifindexes)
        {
            var (was, now) = (before.Find(ifindex), after.Find(ifindex));
            if (was == now)
                continue;
            Add(names, was);
            Add(names, now);
        }
    }

    private static void Add(HashSet<string> names, InterfaceInfo? info)
    {
        if (info is null)
            return;
        names.Add(info.Name);
        names.UnionWith(info.AltNames);
    }
}
