using ControlPlane.Core.Model;
using static ControlPlane.Kernel.Native.NetlinkConstants;

namespace ControlPlane.Kernel.Netlink;

/// <summary>
/// The interfaces that a batch of notifications names. Their present state is asked afterwards, so that the order
/// of two sockets' messages, and messages older than an answer, cannot leave a wrong table.
/// </summary>
internal sealed class LinkNotices
{
    /// <summary>Indexes that anything was said of.</summary>
    public HashSet<uint> Ifindexes { get; } = [];

    /// <summary>
    /// Names that such a device bore on the way or left, and those of devices that went: a return under the same index or to the same
    /// name is a change.
    /// </summary>
    public HashSet<string> Names { get; } = [];

    /// <summary>Messages were lost.</summary>
    public bool Overflowed { get; set; }

    /// <summary>Whether there is nothing to do.</summary>
    public bool IsEmpty => Ifindexes.Count == 0 && !Overflowed;

    /// <summary>Notes a message of either family.</summary>
    public void Add(in NetlinkMessage message, NetdevFamily? netdev, InterfaceTable known)
    {
        if (LinkMessage.Read(message) is { } link)
        {
            Ifindexes.Add(link.Ifindex);
            var knownAs = known.Find(link.Ifindex)?.Name;
            if (message.Type == RTM_DELLINK || knownAs != link.Name)
                Names.Add(link.Name);
            // It may have its name back already; but whoever asked in between has found none of that name.
            if (knownAs is not null && knownAs != link.Name)
                Names.Add(knownAs);
        }
        else if (netdev?.IfindexOf(message) is > 0 and var ifindex)
        {
            Ifindexes.Add(ifindex);
        }
    }

    /// <summary>Empties it for the next batch.</summary>
    public void Clear()
    {
        Ifindexes.Clear();
        Names.Clear();
        Overflowed = false;
    }
}
