using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Kernel.Native;
using static ControlPlane.Kernel.Native.NetlinkConstants;

namespace ControlPlane.Kernel.Netlink;

/// <summary>The generic netlink family <c>netdev</c> (since Linux 6.3), which reports and announces xdp-features.</summary>
/// <param name="Id">The message type of the family, which the kernel assigns at boot.</param>
/// <param name="ManagementGroup">The multicast group <c>mgmt</c>: devices that appear, disappear or change their features.</param>
internal sealed record NetdevFamily(ushort Id, uint ManagementGroup)
{
    private static ReadOnlySpan<byte> FamilyName => "netdev\0"u8;

    /// <summary>Asks the kernel for the family. Returns null if the kernel has no such family.</summary>
    /// <exception cref="KernelException">The kernel refused for another reason.</exception>
    public static NetdevFamily? Resolve(NetlinkClient genetlink)
    {
        var request = new NetlinkRequest(stackalloc byte[64], GENL_ID_CTRL);
        request.Append(new genlmsghdr { cmd = CTRL_CMD_GETFAMILY, version = 1 });
        request.Attribute(CTRL_ATTR_FAMILY_NAME, FamilyName);
        var errno = genetlink.Ask<Answer>(request.Message, out var answer, static (answer, in message) => answer.Read(message));
        return errno switch
        {
            0 when answer is { Id: > 0, Group: > 0 } => new NetdevFamily(answer.Id, answer.Group),
            0 or Errno.ENOENT => null,
            _ => throw KernelCall.Failure("CTRL_CMD_GETFAMILY(netdev)", errno),
        };
    }

    /// <summary>Adds the features of the device of a message.</summary>
    public void Collect(Dictionary<uint, XdpFeatures> features, in NetlinkMessage message)
    {
        if (message.Type != Id || !message.TryRead<genlmsghdr>(out _, out var attributes))
            return;
        uint ifindex = 0;
        var known = XdpFeatures.None;
        foreach (var attribute in attributes)
        {
            switch (attribute.Type)
            {
                case NETDEV_A_DEV_IFINDEX: ifindex = attribute.Number<uint>(); break;
                case NETDEV_A_DEV_XDP_FEATURES: known = (XdpFeatures)attribute.Number<ulong>(); break;
            }
        }

        features[ifindex] = known;
    }

    /// <summary>Returns the device of a message of this family, or 0 for another message.</summary>
    public uint IfindexOf(in NetlinkMessage message)
    {
        if (message.Type == Id && message.TryRead<genlmsghdr>(out _, out var attributes))
        {
            foreach (var attribute in attributes)
            {
                if (attribute.Type == NETDEV_A_DEV_IFINDEX)
                    return attribute.Number<uint>();
            }
        }

        return 0;
    }

    private sealed class Answer
    {
        public ushort Id { get; private set; }

        public uint Group { get; private set; }

        public void Read(in NetlinkMessage message)
        {
            if (message.Type != GENL_ID_CTRL || !message.TryRead<genlmsghdr>(out _, out var attributes))
                return;
            foreach (var attribute in attributes)
            {
                switch (attribute.Type)
                {
                    case CTRL_ATTR_FAMILY_ID: Id = attribute.Number<ushort>(); break;
                    case CTRL_ATTR_MCAST_GROUPS: ReadGroups(attribute.Nested); break;
                }
            }
        }

        private void ReadGroups(NetlinkAttributes groups)
        {
            foreach (var group in groups)
            {
                uint id = 0;
                var isManagement = false;
                foreach (var attribute in group.Nested)
                {
                    switch (attribute.Type)
                    {
                        case CTRL_ATTR_MCAST_GRP_ID: id = attribute.Number<uint>(); break;
                        case CTRL_ATTR_MCAST_GRP_NAME: isManagement = attribute.Value.SequenceEqual("mgmt\0"u8); break;
                    }
                }

                if (isManagement)
                    Group = id;
            }
        }
    }
}
