using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ControlPlane.Kernel.Native;

namespace ControlPlane.Kernel.Netlink;

/// <summary>Builds one request in a buffer of the caller. The buffer must be large enough.</summary>
internal ref struct NetlinkRequest
{
    private const int Alignment = 4;
    private readonly Span<byte> _buffer;
    private int _length;

    public NetlinkRequest(Span<byte> buffer, ushort type, ushort flags = 0)
    {
        _buffer = buffer;
        Append(new nlmsghdr { nlmsg_type = type, nlmsg_flags = (ushort)(flags | NetlinkConstants.NLM_F_REQUEST) });
    }

    /// <summary>The message, with its length in its header.</summary>
    public readonly Span<byte> Message
    {
        get
        {
            MemoryMarshal.Write(_buffer, (uint)_length);
            return _buffer[.._length];
        }
    }

    /// <summary>Appends the header of the protocol, which follows <c>nlmsghdr</c>.</summary>
    public void Append<T>(in T header)
        where T : unmanaged
    {
        MemoryMarshal.Write(_buffer[_length..], header);
        _length += Unsafe.SizeOf<T>();
    }

    /// <summary>Appends an attribute of 32 bits in the host's byte order.</summary>
    public void Attribute(ushort type, uint value) => Attribute(type, MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in value)));

    /// <summary>Appends an attribute. The value of a string includes its final zero.</summary>
    public void Attribute(ushort type, scoped ReadOnlySpan<byte> value)
    {
        var length = Unsafe.SizeOf<nlattr>() + value.Length;
        Append(new nlattr { nla_len = (ushort)length, nla_type = type });
        value.CopyTo(_buffer[_length..]);
        _length += value.Length;
        while (_length % Alignment != 0)
            _buffer[_length++] = 0;
    }
}
