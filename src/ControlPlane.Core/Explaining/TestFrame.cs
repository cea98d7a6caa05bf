using System.Buffers.Binary;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Explaining;

/// <summary>Builds the frame that was described or that has a key, and reads what an egress program made of it.</summary>
internal static class TestFrame
{
    /// <summary>Bytes of an IPv4 and a UDP header: the shortest packet there is room for.</summary>
    public const int LeastLength = Ipv4Bytes + UdpBytes;

    /// <summary>The payload of the shortest Ethernet frame: the length of a packet of which none was given.</summary>
    public const int ShortLength = 46;

    private const int Ipv4Bytes = 20;
    private const int AddressesAt = 12;
    private const int UdpBytes = 8;
    private const ushort Ipv4 = 0x0800;
    private const ushort LocalExperiment = 0x88b5; // IEEE 802: a protocol that is none
    private const byte Udp = 17;
    private const ushort DiscardPort = 9;

    /// <summary>The time to live of a packet of which none was given.</summary>
    public const byte CommonTimeToLive = 64;

    // A router drops the frame of a probe.
    private const byte ShortestTimeToLive = 1;

    // 192.0.2.1 and 192.0.2.2, which are for documentation.
    private const uint SourceAddress = 0xc0000201;
    private const uint AnyAddress = 0xc0000202;

    private static readonly MacAddress _source = new(0x02_00_00_00_00_01);
    private static readonly MacAddress _unknownDestination = new(0x02_00_00_00_00_02);

    /// <summary>A frame with this content, without checksum.</summary>
    /// <param name="destinationMac">Where it is addressed to; null for any.</param>
    /// <param name="vlan">The VLAN id of its tag; 0 for none.</param>
    /// <param name="destination">Its IPv4 destination; null for a frame of another protocol.</param>
    /// <param name="length">Bytes behind the headers of Ethernet and tag.</param>
    /// <param name="timeToLive">The time to live of the packet.</param>
    public static byte[] Build(MacAddress? destinationMac, ushort vlan, uint? destination, int length, byte timeToLive)
    {
        var (frame, header) = Link(_source, destinationMac ?? _unknownDestination, vlan, destination is null ? LocalExperiment : Ipv4, length);
        if (destination is { } address)
            WritePacket(frame.AsSpan(header), address, timeToLive);
        return frame;
    }

    /// <summary>Returns a frame with a key that may leave on a wire: UDP to the discard port, with valid checksums and a time to live of 1.</summary>
    /// <remarks>
    /// Both addresses are that of the interface it leaves by: a switch has learned that address at the port where the frame arrives, so it sends the
    /// frame nowhere, and learns nothing wrong. A frame to a foreign address could come back to the ingress and be redirected again.
    /// </remarks>
    /// <param name="facts">The facts that give the frame its key.</param>
    /// <param name="target">The address of the interface that the frame leaves by; null if it has none.</param>
    /// <param name="length">Bytes of the IP packet.</param>
    /// <param name="padding">Bytes after the packet.</param>
    /// <param name="isDecremented">Whether the time to live is lowered before the frame leaves. It is then one more.</param>
    public static byte[] BuildForWire(FrameFacts facts, MacAddress? target, int length, int padding, bool isDecremented = false)
    {
        var mac = target ?? _source;
        var (frame, header) = Link(mac, mac, (ushort)facts.Vlan.GetValueOrDefault(), Ipv4, length + padding);
        var ip = frame.AsSpan(header, length);
        WritePacket(ip, facts.Destination ?? AnyAddress, (byte)(ShortestTimeToLive + (isDecremented ? 1 : 0)));
        var udp = ip[Ipv4Bytes..];
        var checksum = Checksum(udp, Sum(ip[AddressesAt..Ipv4Bytes], Udp + (uint)udp.Length));
        // 0 says that there is none.
        BinaryPrimitives.WriteUInt16BigEndian(udp[6..], checksum == 0 ? ushort.MaxValue : checksum);
        return frame;
    }

    private static (byte[] Frame, int Header) Link(MacAddress source, MacAddress destination, ushort vlan, ushort type, int length)
    {
        var header = EthernetHeader.Bytes + (vlan > 0 ? EthernetHeader.TagBytes : 0);
        var frame = new byte[header + length];
        destination.CopyTo(frame);
        source.CopyTo(frame.AsSpan(EthernetHeader.MacBytes));
        var rest = frame.AsSpan(EthernetHeader.AddressBytes);
        if (vlan > 0)
        {
            BinaryPrimitives.WriteUInt16BigEndian(rest, EthernetHeader.CustomerTag);
            BinaryPrimitives.WriteUInt16BigEndian(rest[2..], vlan);
            rest = rest[EthernetHeader.TagBytes..];
        }

        BinaryPrimitives.WriteUInt16BigEndian(rest, type);
        return (frame, header);
    }

    /// <summary>The VLAN id of a frame's outer tag; 0 for none.</summary>
    public static ushort VlanOf(ReadOnlySpan<byte> frame) =>
        frame.Length >= EthernetHeader.Bytes + EthernetHeader.TagBytes && BinaryPrimitives.ReadUInt16BigEndian(frame[EthernetHeader.AddressBytes..]) is EthernetHeader.CustomerTag or EthernetHeader.ServiceTag
            ? (ushort)(BinaryPrimitives.ReadUInt16BigEndian(frame[EthernetHeader.Bytes..]) & 0x0fff)
            : (ushort)0;

    /// <summary>Returns the headers of Ethernet, of tags and of IPv4 as hexadecimal digits; less if the frame is shorter.</summary>
    public static string HeadersOf(ReadOnlySpan<byte> frame)
    {
        var at = EthernetHeader.AddressBytes;
        while (frame.Length >= at + EthernetHeader.TagBytes + sizeof(ushort)
            && BinaryPrimitives.ReadUInt16BigEndian(frame[at..]) is EthernetHeader.CustomerTag or EthernetHeader.ServiceTag)
        {
            at += EthernetHeader.TagBytes;
        }

        var length = at + sizeof(ushort) + (frame.Length >= at + sizeof(ushort) && BinaryPrimitives.ReadUInt16BigEndian(frame[at..]) == Ipv4 ? Ipv4Bytes : 0);
        return Convert.ToHexStringLower(frame[..Math.Min(length, frame.Length)]);
    }

    /// <summary>The changed addresses of a frame; null for an unchanged one.</summary>
    public static (MacAddress? Source, MacAddress? Destination) NewMacs(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
    {
        return (Changed(before[EthernetHeader.MacBytes..], after[EthernetHeader.MacBytes..]), Changed(before, after));

        static MacAddress? Changed(ReadOnlySpan<byte> old, ReadOnlySpan<byte> now) =>
            old[..EthernetHeader.MacBytes].SequenceEqual(now[..EthernetHeader.MacBytes]) ? null : MacAddress.Read(now);
    }

    private static void WritePacket(Span<byte> ip, uint destination, byte timeToLive)
    {
        ip[0] = 0x45; // version 4, a header of five words
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)ip.Length);
        ip[8] = timeToLive;
        ip[9] = Udp;
        BinaryPrimitives.WriteUInt32BigEndian(ip[AddressesAt..], SourceAddress);
        BinaryPrimitives.WriteUInt32BigEndian(ip[16..], destination);
        var udp = ip[Ipv4Bytes..];
        BinaryPrimitives.WriteUInt16BigEndian(udp, DiscardPort);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], DiscardPort);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)udp.Length);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], Checksum(ip[..Ipv4Bytes], 0));
    }

    // RFC 1071.
    private static ushort Checksum(ReadOnlySpan<byte> bytes, uint sum)
    {
        sum = Sum(bytes, sum);
        while (sum > ushort.MaxValue)
            sum = (sum & ushort.MaxValue) + (sum >> 16);
        return (ushort)~sum;
    }

    private static uint Sum(ReadOnlySpan<byte> bytes, uint sum)
    {
        for (var i = 0; i + 1 < bytes.Length; i += 2)
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes[i..]);
        return bytes.Length % 2 == 0 ? sum : sum + ((uint)bytes[^1] << 8);
    }
}
