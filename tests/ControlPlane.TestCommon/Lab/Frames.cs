using System.Buffers.Binary;
using System.Net;
using ControlPlane.Core.Model;

namespace ControlPlane.TestCommon.Lab;

/// <summary>Builds frames, and says what a frame must look like after a program has changed it.</summary>
public static class Frames
{
    /// <summary>Bytes of the Ethernet header without tags.</summary>
    public const int EthernetBytes = 14;

    private const int MacAddresses = 12;
    private const int TagBytes = 4;
    private const int Ipv4Bytes = 20;
    private const int UdpBytes = 8;
    private const int ArpBytes = 28;
    private const ushort Ipv4Protocol = 0x0800;
    private const ushort ArpProtocol = 0x0806;
    private const ushort TestPort = 40_000;

    /// <summary>The default source of frames.</summary>
    public static MacAddress Source { get; } = new(0x02_00_00_00_00_01);

    /// <summary>The default destination of frames.</summary>
    public static MacAddress Destination { get; } = new(0x02_00_00_00_00_02);

    /// <summary>An IPv4/UDP frame with right checksums.</summary>
    /// <param name="mark">Ends its payload.</param>
    /// <param name="destination">The IPv4 destination; 10.0.0.2 by default.</param>
    /// <param name="payload">Bytes of UDP payload, at least <see cref="FrameMark.Length"/>.</param>
    /// <param name="tags">VLAN tags, the outer one first.</param>
    public static byte[] Udp(FrameMark mark, string destination = "10.0.0.2", int payload = 64, params ReadOnlySpan<VlanTag> tags)
    {
        var frame = Ethernet(Ipv4Protocol, Ipv4Bytes + UdpBytes + payload, tags);
        mark.WriteTo(frame);
        var ip = frame.AsSpan(frame.Length - (Ipv4Bytes + UdpBytes + payload));
        ip[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)ip.Length);
        ip[8] = 64; // time to live
        ip[9] = 17; // UDP
        IPAddress.Parse("10.0.0.1").TryWriteBytes(ip[12..], out _);
        IPAddress.Parse(destination).TryWriteBytes(ip[16..], out _);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], Checksum(ip[..Ipv4Bytes], 0));

        var udp = ip[Ipv4Bytes..];
        BinaryPrimitives.WriteUInt16BigEndian(udp, TestPort);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], TestPort);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)udp.Length);
        var pseudoHeader = (uint)(17 + udp.Length) + Sum(ip[12..Ipv4Bytes], 0);
        var checksum = Checksum(udp, pseudoHeader);
        BinaryPrimitives.WriteUInt16BigEndian(udp[6..], checksum == 0 ? ushort.MaxValue : checksum);
        return frame;
    }

    /// <summary>An ARP request, the mark in the bytes that follow it.</summary>
    public static byte[] Arp(FrameMark mark, string target = "10.0.0.2", params ReadOnlySpan<VlanTag> tags)
    {
        var frame = Ethernet(ArpProtocol, ArpBytes + FrameMark.Length, tags);
        mark.WriteTo(frame);
        var arp = frame.AsSpan(frame.Length - (ArpBytes + FrameMark.Length));
        BinaryPrimitives.WriteUInt16BigEndian(arp, 1); // Ethernet
        BinaryPrimitives.WriteUInt16BigEndian(arp[2..], Ipv4Protocol);
        arp[4] = 6;
        arp[5] = 4;
        BinaryPrimitives.WriteUInt16BigEndian(arp[6..], 1); // request
        Source.CopyTo(arp[8..]);
        IPAddress.Parse("10.0.0.1").TryWriteBytes(arp[14..], out _);
        IPAddress.Parse(target).TryWriteBytes(arp[24..], out _);
        return frame;
    }

    /// <summary>A frame of any protocol, zeros and the mark its payload.</summary>
    public static byte[] Raw(FrameMark mark, ushort protocol, int payload = 64, params ReadOnlySpan<VlanTag> tags)
    {
        var frame = Ethernet(protocol, payload, tags);
        mark.WriteTo(frame);
        return frame;
    }

    /// <summary>The frame with these addresses.</summary>
    public static byte[] WithMacs(byte[] frame, MacAddress source, MacAddress destination)
    {
        var changed = frame.ToArray();
        destination.CopyTo(changed);
        source.CopyTo(changed.AsSpan(6));
        return changed;
    }

    /// <summary>The frame with one more tag, the outermost.</summary>
    public static byte[] WithTag(byte[] frame, VlanTag tag)
    {
        var changed = new byte[frame.Length + TagBytes];
        frame.AsSpan(0, MacAddresses).CopyTo(changed);
        WriteTag(changed.AsSpan(MacAddresses), tag);
        frame.AsSpan(MacAddresses).CopyTo(changed.AsSpan(MacAddresses + TagBytes));
        return changed;
    }

    /// <summary>The frame without its outermost tag.</summary>
    public static byte[] WithoutTag(byte[] frame) => [.. frame[..MacAddresses], .. frame[(MacAddresses + TagBytes)..]];

    /// <summary>Returns the VLAN ids of a frame's tags, the outer one first.</summary>
    public static ushort[] TagsOf(ReadOnlySpan<byte> frame)
    {
        List<ushort> ids = [];
        for (var at = MacAddresses; at + TagBytes <= frame.Length; at += TagBytes)
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(frame[at..]) is not (VlanTag.CustomerProtocol or VlanTag.ServiceProtocol))
                break;
            ids.Add((ushort)(BinaryPrimitives.ReadUInt16BigEndian(frame[(at + 2)..]) & 0xfff));
        }

        return [.. ids];
    }

    /// <summary>Whether the checksums of an untagged IPv4/UDP frame are right.</summary>
    public static bool ChecksumsAreRight(ReadOnlySpan<byte> frame)
    {
        var ip = frame[EthernetBytes..];
        var udp = ip[Ipv4Bytes..];
        return Checksum(ip[..Ipv4Bytes], 0) == 0 && Checksum(udp, (uint)(17 + udp.Length) + Sum(ip[12..Ipv4Bytes], 0)) == 0;
    }

    private static byte[] Ethernet(ushort protocol, int payload, ReadOnlySpan<VlanTag> tags)
    {
        var frame = new byte[EthernetBytes + (TagBytes * tags.Length) + payload];
        Destination.CopyTo(frame);
        Source.CopyTo(frame.AsSpan(6));
        var position = MacAddresses;
        foreach (var tag in tags)
        {
            WriteTag(frame.AsSpan(position), tag);
            position += TagBytes;
        }

        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(position), protocol);
        return frame;
    }

    private static void WriteTag(Span<byte> bytes, VlanTag tag)
    {
        BinaryPrimitives.WriteUInt16BigEndian(bytes, tag.Protocol);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], (ushort)((tag.Priority << 13) | tag.Id));
    }

    // The internet checksum (RFC 1071).
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

/// <summary>A VLAN tag of a frame.</summary>
/// <param name="Id">The VLAN id, 0 .. 4095.</param>
/// <param name="Protocol">The EtherType of the tag: <see cref="CustomerProtocol"/> or <see cref="ServiceProtocol"/>.</param>
/// <param name="Priority">The priority code point, 0 .. 7.</param>
public readonly record struct VlanTag(ushort Id, ushort Protocol = VlanTag.CustomerProtocol, byte Priority = 0)
{
    /// <summary>802.1Q.</summary>
    public const ushort CustomerProtocol = 0x8100;

    /// <summary>802.1ad.</summary>
    public const ushort ServiceProtocol = 0x88a8;

    /// <summary>An 802.1ad tag.</summary>
    public static VlanTag Service(ushort id) => new(id, ServiceProtocol);
}
