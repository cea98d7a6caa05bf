using ControlPlane.Core.Model;
using static ControlPlane.Kernel.Native.NetlinkConstants;

namespace ControlPlane.Kernel.Netlink;

/// <summary>
/// The interfaces that a batch of notifications names. Their current state is asked for afterwards, so the order of messages of two
/// sockets, and messages that are older than an answer, cannot leave a wrong table.
/// </summary>
internal sealed class LinkNotices
{
    /// <summary>The indexes to ask for.</summary>
    public HashSet<uint> Ifindexes { get; } = [];

    /// <summary>
    /// The names that a named device had for a time, and the names of removed devices. A device that returns under the same index
    /// or name has changed, although the table looks the same.
    /// </summary>
    public HashSet<string> Names { get; } = [];

    /// <summary>Whether messages were lost.</summary>
    public bool Overflowed { get; set; }

    /// <summary>Whether there is nothing to ask for.</summary>
    public bool IsEmpty => Ifindexes.Count == 0 && !Overflowed;

    /// <summary>Adds a message of either family.</summary>
    public void Add(in NetlinkMessage message, NetdevFamily? netdev, InterfaceTable known)
    {
        if (LinkMessage.Read(message) is { } link)
            Add(link, message.Type == RTM_DELLINK, known);
        else if (netdev?.IfindexOf(message) is > 0 and var ifindex)
            Ifindexes.Add(ifindex);
    }

    /// <summary>Removes all notices.</summary>
    public void Clear()
    {
        Ifindexes.Clear();
        Names.Clear();
        Overflowed = false;
    }

    private void Add(InterfaceInfo link, bool deleted, InterfaceTable known)
    {
        Ifindexes.Add(link.Ifindex);
        var before = known.Find(link.Ifindex);
        if (deleted || before?.Name != link.Name)
            Names.Add(link.Name);
        if (deleted)
            Names.UnionWith(link.AltNames);
        if (before is null)
            return;
        // It can have its old name back already, and somebody may have asked for that name in between and found nothing.
        if (before.Name != link.Name)
            Names.Add(before.Name);
        // A veth's carrier follows its peer at once. Its own notification comes later, from a work queue.
        if (before.IsUp != link.IsUp && known.PeerOf(before) is { } peer)
            Ifindexes.Add(peer.Ifindex);
    }
}
