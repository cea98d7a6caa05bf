using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ControlPlane.Kernel.Layout;

namespace ControlPlane.Kernel.Netlink;

/// <summary>The messages of one datagram; ends at the first that does not fit into it.</summary>
internal ref struct NetlinkMessages(ReadOnlySpan<byte> datagram)
{
    private ReadOnlySpan<byte> _rest = datagram;

    public NetlinkMessage Current { get; private set; }

    public readonly NetlinkMessages GetEnumerator() => this;

    public bool MoveNext()
    {
        var size = Unsafe.SizeOf<nlmsghdr>();
        if (_rest.Length < size)
            return false;
        var header = MemoryMarshal.Read<nlmsghdr>(_rest);
        if (header.nlmsg_len < size || header.nlmsg_len > _rest.Length)
            return false;
        Current = new NetlinkMessage(header, _rest[size..(int)header.nlmsg_len]);
        _rest = _rest[Math.Min(_rest.Length, ((int)header.nlmsg_len + 3) & ~3)..];
        return true;
    }
}

/// <summary>A message: header and payload, borrowed from the datagram's buffer.</summary>
internal readonly ref struct NetlinkMessage(nlmsghdr header, ReadOnlySpan<byte> payload)
{
    public ushort Type { get; } = header.nlmsg_type;

    public ushort Flags { get; } = header.nlmsg_flags;

    public uint Sequence { get; } = header.nlmsg_seq;

    public ReadOnlySpan<byte> Payload { get; } = payload;

    /// <summary>The errno, positive, of NLMSG_ERROR and NLMSG_DONE; 0 for success.</summary>
    public int Errno => Payload.Length < sizeof(int) ? 0 : -MemoryMarshal.Read<int>(Payload);

    /// <summary>Splits the payload into the protocol's own header and the attributes. False when it is too short.</summary>
    public bool TryRead<T>(out T header, out NetlinkAttributes attributes)
        where T : unmanaged
    {
        if (!MemoryMarshal.TryRead(Payload, out header))
        {
            attributes = default;
            return false;
        }

        attributes = new NetlinkAttributes(Payload[Unsafe.SizeOf<T>()..]);
        return true;
    }
}
