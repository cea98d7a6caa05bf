using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using ControlPlane.Kernel.Native;

namespace ControlPlane.Kernel.Netlink;

/// <summary>The messages of one datagram. The sequence ends at the first message that is cut off.</summary>
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

    /// <summary>The positive errno of NLMSG_ERROR and NLMSG_DONE; 0 for success.</summary>
    public int Errno => Payload.Length < sizeof(int) ? 0 : -MemoryMarshal.Read<int>(Payload);

    /// <summary>Splits the payload into the header of the protocol and the attributes. Returns false if it is too short.</summary>
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

/// <summary>A sequence of attributes. It ends at the first attribute that is cut off.</summary>
internal ref struct NetlinkAttributes(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public NetlinkAttribute Current { get; private set; }

    public readonly NetlinkAttributes GetEnumerator() => this;

    public bool MoveNext()
    {
        var size = Unsafe.SizeOf<nlattr>();
        if (_rest.Length < size)
            return false;
        var header = MemoryMarshal.Read<nlattr>(_rest);
        if (header.nla_len < size || header.nla_len > _rest.Length)
            return false;
        Current = new NetlinkAttribute((ushort)(header.nla_type & NetlinkConstants.NLA_TYPE_MASK), _rest[size..header.nla_len]);
        _rest = _rest[Math.Min(_rest.Length, (header.nla_len + 3) & ~3)..];
        return true;
    }
}

/// <summary>An attribute: type (without the bits for nesting and byte order) and value, borrowed from the buffer.</summary>
internal readonly ref struct NetlinkAttribute(ushort type, ReadOnlySpan<byte> value)
{
    public ushort Type { get; } = type;

    public ReadOnlySpan<byte> Value { get; } = value;

    /// <summary>The value as a sequence of attributes.</summary>
    public NetlinkAttributes Nested => new(Value);

    /// <summary>Returns the value as a number in the host's byte order, or 0 if it is too short.</summary>
    public T Number<T>()
        where T : unmanaged => MemoryMarshal.TryRead<T>(Value, out var number) ? number : default;

    /// <summary>Returns the value as text, up to its zero.</summary>
    public string Text()
    {
        var zero = Value.IndexOf((byte)0);
        return Encoding.UTF8.GetString(zero < 0 ? Value : Value[..zero]);
    }
}
