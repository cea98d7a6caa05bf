using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using ControlPlane.Kernel.Layout;

namespace ControlPlane.Kernel.Netlink;

/// <summary>A row of attributes; ends at the first that does not fit into it.</summary>
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

/// <summary>An attribute: type (without the nesting and byte order bits) and value, borrowed from the buffer.</summary>
internal readonly ref struct NetlinkAttribute(ushort type, ReadOnlySpan<byte> value)
{
    public ushort Type { get; } = type;

    public ReadOnlySpan<byte> Value { get; } = value;

    /// <summary>The value as attributes of its own.</summary>
    public NetlinkAttributes Nested => new(Value);

    /// <summary>The value as a number in the host's byte order; 0 when it is too short.</summary>
    public T Number<T>()
        where T : unmanaged => MemoryMarshal.TryRead<T>(Value, out var number) ? number : default;

    /// <summary>The value as text, up to its zero.</summary>
    public string Text()
    {
        var zero = Value.IndexOf((byte)0);
        return Encoding.UTF8.GetString(zero < 0 ? Value : Value[..zero]);
    }
}
