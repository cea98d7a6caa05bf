using System.Buffers.Binary;
using System.Text;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Netlink;
using ControlPlane.Kernel.Probing;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Support;

/// <summary>Something of others that a frame meets at the egress of a device, or on its peer. Disposing removes it.</summary>
internal sealed class EgressHook : IDisposable
{
    private const uint BPF_TCX_EGRESS = 47;
    private const int TC_ACT_OK = 0;
    private const int TC_ACT_SHOT = 2;

    private readonly Action _remove;

    private EgressHook(Action remove) => _remove = remove;

    /// <summary>A queueing discipline.</summary>
    public static EgressHook Qdisc(NetworkNamespace space, string device)
    {
        space.Shell("tc", "qdisc", "add", "dev", device, "root", "tbf", "rate", "10gbit", "burst", "10mb", "latency", "50ms");
        return new EgressHook(() => space.Shell("tc", "qdisc", "del", "dev", device, "root"));
    }

    /// <summary>A clsact qdisc, where filters can be.</summary>
    public static EgressHook Clsact(NetworkNamespace space, string device)
    {
        space.Shell("tc", "qdisc", "add", "dev", device, "clsact");
        return new EgressHook(() => space.Shell("tc", "qdisc", "del", "dev", device, "clsact"));
    }

    /// <summary>A tcx program at the egress that drops all frames.</summary>
    public static EgressHook DropByTcx(NetworkNamespace space, string device) =>
        Link(space, device, BpfConstants.BPF_PROG_TYPE_SCHED_CLS, BPF_TCX_EGRESS, TC_ACT_SHOT, flags: 0);

    /// <summary>A tcx program at the egress that passes all frames.</summary>
    public static EgressHook PassByTcx(NetworkNamespace space, string device) =>
        Link(space, device, BpfConstants.BPF_PROG_TYPE_SCHED_CLS, BPF_TCX_EGRESS, TC_ACT_OK, flags: 0);

    /// <summary>An XDP program that drops all frames.</summary>
    public static EgressHook DropByXdp(NetworkNamespace space, string device, bool native) =>
        Link(space, device, BpfConstants.BPF_PROG_TYPE_XDP, BpfConstants.BPF_XDP, BpfConstants.XDP_DROP, native ? BpfConstants.XDP_FLAGS_DRV_MODE : BpfConstants.XDP_FLAGS_SKB_MODE);

    /// <summary>A chain of nftables in the family netdev that drops all frames.</summary>
    public static EgressHook DropByNetfilter(NetworkNamespace space, string device)
    {
        const string table = "devmapd_test";
        space.Run(() => Nftables.Send(Nftables.NewTable(table), Nftables.NewDroppingEgressChain(table, device)));
        return new EgressHook(() => space.Run(() => Nftables.Send(Nftables.DeleteTable(table))));
    }

    /// <summary>A packet socket, such as that of tcpdump.</summary>
    public static EgressHook Listener(NetworkNamespace space, string device) => new(FrameSocket.Open(space, device).Dispose);

    /// <summary>The device is down.</summary>
    public static EgressHook Down(NetworkNamespace space, string device)
    {
        space.Shell("ip", "link", "set", "dev", device, "down");
        return new EgressHook(() => space.Shell("ip", "link", "set", "dev", device, "up"));
    }

    /// <inheritdoc />
    public void Dispose() => _remove();

    private static EgressHook Link(NetworkNamespace space, string device, uint type, uint attachType, uint result, uint flags)
    {
        var index = space.IfindexOf(device);
        return space.Run(() => Link(index, type, attachType, result, flags));
    }

    private static unsafe EgressHook Link(uint index, uint type, uint attachType, uint result, uint flags)
    {
        var program = ProbeProgram.Load(type, ProbeProgram.Return(result));
        var opts = new bpf_link_create_opts { sz = (nuint)sizeof(bpf_link_create_opts), flags = flags };
        var link = FileDescriptor.FromLibbpf(
            Libbpf.bpf_link_create(program, (int)index, attachType, &opts), "bpf_link_create");
        return new EgressHook(() =>
        {
            Libbpf.bpf_link_detach(link);
            link.Dispose();
            program.Dispose();
        });
    }

    /// <summary>The few messages of nfnetlink that make a chain (linux/netfilter/nf_tables.h).</summary>
    private static class Nftables
    {
        private const int NETLINK_NETFILTER = 12;
        private const byte NFPROTO_NETDEV = 5;
        private const ushort NFNL_SUBSYS_NFTABLES = 10;
        private const ushort NFNL_MSG_BATCH_BEGIN = 16;
        private const ushort NFNL_MSG_BATCH_END = 17;
        private const ushort NFT_MSG_NEWTABLE = 0;
        private const ushort NFT_MSG_DELTABLE = 2;
        private const ushort NFT_MSG_NEWCHAIN = 3;
        private const ushort NLM_F_ACK = 4;
        private const ushort NLM_F_CREATE = 0x400;
        private const ushort NLA_F_NESTED = 0x8000;
        private const uint NF_NETDEV_EGRESS = 1;
        private const uint NF_DROP = 0;

        public static byte[] NewTable(string name) => Message(NFT_MSG_NEWTABLE, Text(1, name));

        public static byte[] DeleteTable(string name) => Message(NFT_MSG_DELTABLE, Text(1, name));

        public static byte[] NewDroppingEgressChain(string table, string device) => Message(
            NFT_MSG_NEWCHAIN,
            Text(1, table),
            Text(3, "egress"),
            Attribute(4 | NLA_F_NESTED, [.. Number(1, NF_NETDEV_EGRESS), .. Number(2, 0), .. Text(3, device)]),
            Number(5, NF_DROP),
            Text(7, "filter"));

        /// <summary>Sends a batch and reads the answer to each of its messages.</summary>
        public static void Send(params byte[][] messages)
        {
            using var socket = new NetlinkSocket(NETLINK_NETFILTER);
            socket.Send([.. Batch(NFNL_MSG_BATCH_BEGIN), .. messages.SelectMany(m => m), .. Batch(NFNL_MSG_BATCH_END)]);
            var buffer = new byte[4096];
            foreach (var _ in messages)
            {
                var length = socket.Receive(buffer, 0);
                var error = BinaryPrimitives.ReadInt32LittleEndian(buffer.AsSpan(16));
                if (length < 20 || error != 0)
                    throw new InvalidOperationException($"nftables: {length} bytes, error {error}");
            }
        }

        private static byte[] Batch(ushort type) => Frame(type, flags: 1, family: 0, resource: NFNL_SUBSYS_NFTABLES, []);

        private static byte[] Message(ushort type, params byte[][] attributes) =>
            Frame((ushort)((NFNL_SUBSYS_NFTABLES << 8) | type), 1 | NLM_F_ACK | NLM_F_CREATE, NFPROTO_NETDEV, 0, [.. attributes.SelectMany(a => a)]);

        private static byte[] Frame(ushort type, ushort flags, byte family, ushort resource, byte[] attributes)
        {
            var message = new byte[20 + attributes.Length];
            BinaryPrimitives.WriteInt32LittleEndian(message, message.Length);
            BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(4), type);
            BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(6), flags);
            message[16] = family;
            BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(18), resource);
            attributes.CopyTo(message, 20);
            return message;
        }

        private static byte[] Text(ushort type, string text) => Attribute(type, [.. Encoding.ASCII.GetBytes(text), 0]);

        private static byte[] Number(ushort type, uint number)
        {
            var value = new byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(value, number);
            return Attribute(type, value);
        }

        private static byte[] Attribute(int type, byte[] value)
        {
            var attribute = new byte[(4 + value.Length + 3) & ~3];
            BinaryPrimitives.WriteUInt16LittleEndian(attribute, (ushort)(4 + value.Length));
            BinaryPrimitives.WriteUInt16LittleEndian(attribute.AsSpan(2), (ushort)type);
            value.CopyTo(attribute, 4);
            return attribute;
        }
    }
}
