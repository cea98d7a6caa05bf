using System.Buffers.Binary;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Explaining;

/// <summary>Builds the frame that was described, and reads what an egress program made of it.</summary>
internal static class TestFrame
{
    /// <summary>Bytes of an IPv4 and a UDP header: the shortest packet there is room for.</summary>
    public const int LeastLength = Ipv4Bytes + UdpBytes;

    /// <summary>The payload of the shortest Ethernet frame: the length of a packet of which none was given.</summary>
    public const int ShortLength = 46;

    private const int Ipv4Bytes = 20;
    private const int UdpBytes = 8;
    private const ushort Ipv4 = 0x0800;
    private const ushort LocalExperiment = 0x88b5; // IEEE 802: a protocol that is none
    private const byte Udp = 17;
    private const ushort DiscardPort = 9;

    private static readonly MacAddress _source = new(0x02_00_00_00_00_01);
    private static readonly MacAddress _unknownDestination = new(0x02_00_00_00_00_02);

    /// <summary>A frame with this content, without checksum.</summary>
    /// <param name="destinationMac">Where it is addressed to; null for any.</param>
    /// <param name="vlan">The VLAN id of its tag; 0 for none.</param>
    /// <param name="destination">Its IPv4 destination; null for a frame of another protocol.</param>
    /// <param name="length">Bytes behind the headers of Ethernet and tag.</param>
    public static byte[] Build(MacAddress? destinationMac, ushort vlan, uint? destination, int length)
    {
        var frame = new byte[EthernetHeader.Bytes + (vlan > 0 ? EthernetHeader.TagBytes : 0) + length];
        (destinationMac ?? _unknownDestination).CopyTo(frame);
        _source.CopyTo(frame.AsSpan(EthernetHeader.MacBytes));
        var rest = frame.AsSpan(EthernetHeader.AddressBytes);
        if (vlan > 0)
        {
            BinaryPrimitives.WriteUInt16BigEndian(rest, EthernetHeader.CustomerTag);
            BinaryPrimitives.WriteUInt16BigEndian(rest[2..], vlan);
            rest = rest[EthernetHeader.TagBytes..];
        }

        BinaryPrimitives.WriteUInt16BigEndian(rest, destination is null ? LocalExperiment : Ipv4);
        if (destination is { } address)
            WritePacket(rest[2..], address);
        return frame;
    }

    /// <summary>The VLAN id of a frame's outer tag; 0 for none.</summary>
    public static ushort VlanOf(ReadOnlySpan<byte> frame) =>
        frame.Length >= EthernetHeader.Bytes + EthernetHeader.TagBytes && BinaryPrimitives.ReadUInt16BigEndian(frame[EthernetHeader.AddressBytes..]) is EthernetHeader.CustomerTag or EthernetHeader.ServiceTag
            ? (ushort)(BinaryPrimitives.ReadUInt16BigEndian(frame[EthernetHeader.Bytes..]) & 0x0fff)
            : (ushort)0;

    /// <summary>The changed addresses of a frame; null for an unchanged one.</summary>
    public static (MacAddress? Source, MacAddress? Destination) NewMacs(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
    {
        return (Changed(before[EthernetHeader.MacBytes..], after[EthernetHeader.MacBytes..]), Changed(before, after));

        static MacAddress? Changed(ReadOnlySpan<byte> old, ReadOnlySpan<byte> now) =>
            old[..EthernetHeader.MacBytes].SequenceEqual(now[..EthernetHeader.MacBytes]) ? null : MacAddress.Read(now);
    }

    private static void WritePacket(Span<byte> ip, uint destination)
    {
        ip[0] = 0x45; // version 4, a header of five words
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)ip.Length);
        ip[8] = 64; // time to live
        ip[9] = Udp;
        BinaryPrimitives.WriteUInt32BigEndian(ip[12..], 0xc0000201); // 192.0.2.1, which is for documentation
        BinaryPrimitives.WriteUInt32BigEndian(ip[16..], destination);
        var udp = ip[Ipv4Bytes..];
        BinaryPrimitives.WriteUInt16BigEndian(udp, DiscardPort);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], DiscardPort);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)udp.Length);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], HeaderChecksum(ip[..Ipv4Bytes]));
    }

    // RFC 1071.
    private static ushort HeaderChecksum(ReadOnlySpan<byte> header)
    {
        var sum = 0u;
        for (var i = 0; i < header.Length; i += 2)
            sum += BinaryPrimitives.ReadUInt16BigEndian(header[i..]);
        while (sum > ushort.MaxValue)
            sum = (sum & ushort.MaxValue) + (sum >> 16);
        return (ushort)~sum;
    }
}
