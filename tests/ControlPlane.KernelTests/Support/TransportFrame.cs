using System.Buffers.Binary;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Support;

/// <summary>A frame of a transport protocol with a whole checksum, and the same one as a sender with checksum offload leaves it.</summary>
/// <param name="Protocol">The IP protocol.</param>
/// <param name="Ipv6">IPv6 if true, else IPv4.</param>
/// <param name="Length">Bytes of payload behind the transport header.</param>
internal sealed record TransportFrame(byte Protocol, bool Ipv6, int Length)
{
    public const byte Tcp = 6;
    public const byte Udp = 17;
    public const byte Sctp = 132;
    private const byte HopOptions = 0;
    private const byte RoutingProtocol = 43;
    private const byte DestinationOptions = 60;
    private const int ExtensionBytes = 8;

    /// <summary>How many VLAN tags it has.</summary>
    public int Tags { get; init; }

    /// <summary>How many words of IPv4 options it has.</summary>
    public int OptionWords { get; init; }

    /// <summary>How many IPv6 extension headers with options it has.</summary>
    public int Extensions { get; init; }

    /// <summary>Whether it has an IPv6 routing header.</summary>
    public bool RoutingHeader { get; init; }

    /// <summary>The flags and offset of an IPv4 fragment.</summary>
    public ushort Fragment { get; init; }

    /// <summary>The first two bytes of its payload.</summary>
    public ushort Payload { get; init; } = 0xa5c3;

    /// <summary>The content of the checksum field; null for the right checksum.</summary>
    public ushort? Field { get; init; }

    /// <summary>The right checksum.</summary>
    public ushort Checksum
    {
        get
        {
            var folded = (ushort)~Fold(Sum(Build(0).AsSpan(TransportOffset)) + Pseudo);
            return folded == 0 ? (ushort)0xffff : folded;
        }
    }

    private int HeaderBytes => Protocol switch { Tcp => 20, Udp => 8, _ => 12 };

    private int FieldOffset => Protocol switch { Tcp => 16, Udp => 6, _ => 8 };

    private int NetworkBytes => Ipv6 ? 40 + (ExtensionBytes * (Extensions + (RoutingHeader ? 1 : 0))) : 20 + (4 * OptionWords);

    private int TransportOffset => Frames.EthernetBytes + (4 * Tags) + NetworkBytes;

    private uint Pseudo
    {
        get
        {
            var network = Build(0).AsSpan(TransportOffset - NetworkBytes, NetworkBytes);
            return Sum(Ipv6 ? network[8..40] : network[12..20]) + Protocol + (uint)(HeaderBytes + Length);
        }
    }

    /// <summary>The frame with its right checksum, or with what stands in its field.</summary>
    public byte[] Bytes() => Build(Field ?? Checksum);

    /// <summary>The frame with the sum of the pseudo-header alone; for SCTP with zero.</summary>
    public byte[] Partial() => Build(Protocol == Sctp ? (ushort)0 : Fold(Pseudo));

    private byte[] Build(ushort field)
    {
        var frame = new byte[TransportOffset + HeaderBytes + Length];
        frame[5] = 2;
        frame[11] = 1;
        var position = 12;
        for (var tag = 0; tag < Tags; tag++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(position), VlanTag.CustomerProtocol);
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(position + 2), (ushort)(100 + tag));
            position += 4;
        }

        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(position), Ipv6 ? (ushort)0x86dd : (ushort)0x0800);
        WriteNetwork(frame.AsSpan(position + 2));
        var transport = frame.AsSpan(TransportOffset);
        BinaryPrimitives.WriteUInt16BigEndian(transport, 40_000);
        BinaryPrimitives.WriteUInt16BigEndian(transport[2..], 443);
        if (Protocol == Udp)
            BinaryPrimitives.WriteUInt16BigEndian(transport[4..], (ushort)(HeaderBytes + Length));
        if (Protocol == Tcp)
            transport[12] = 0x50;
        BinaryPrimitives.WriteUInt16BigEndian(transport[FieldOffset..], field);
        for (var i = 0; i < Length; i++)
            transport[HeaderBytes + i] = i < 2 ? (byte)(Payload >> (8 * (1 - i))) : (byte)((i * 131) + 17);
        return frame;
    }

    private void WriteNetwork(Span<byte> network)
    {
        var transportBytes = HeaderBytes + Length;
        if (!Ipv6)
        {
            network[0] = (byte)(0x45 + OptionWords);
            BinaryPrimitives.WriteUInt16BigEndian(network[2..], (ushort)(NetworkBytes + transportBytes));
            BinaryPrimitives.WriteUInt16BigEndian(network[6..], Fragment);
            network[8] = 64;
            network[9] = Protocol;
            new byte[] { 10, 9, 9, 1, 10, 9, 9, 2 }.CopyTo(network[12..]);
            BinaryPrimitives.WriteUInt16BigEndian(network[10..], (ushort)~Fold(Sum(network[..NetworkBytes])));
            return;
        }

        network[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(network[4..], (ushort)(NetworkBytes - 40 + transportBytes));
        network[7] = 64;
        for (var i = 0; i < 32; i++)
            network[8 + i] = (byte)((i * 29) + 0x20);
        List<byte> next = [.. Enumerable.Range(0, Extensions).Select(i => i == 0 ? HopOptions : DestinationOptions)];
        if (RoutingHeader)
            next.Add(RoutingProtocol);
        next.Add(Protocol);
        network[6] = next[0];
        for (var i = 1; i < next.Count; i++)
            network[40 + (ExtensionBytes * (i - 1))] = next[i];
    }

    private static uint Sum(ReadOnlySpan<byte> bytes)
    {
        var sum = 0u;
        for (var i = 0; i < bytes.Length; i++)
            sum += (uint)(i % 2 == 0 ? bytes[i] << 8 : bytes[i]);
        return sum;
    }

    private static ushort Fold(uint sum)
    {
        while (sum > 0xffff)
            sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)sum;
    }
}
