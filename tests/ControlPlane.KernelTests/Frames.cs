using System.Buffers.Binary;
using System.Net;

namespace ControlPlane.KernelTests;

/// <summary>Builds frames.</summary>
internal static class Frames
{
    public const ushort Ipv4 = 0x0800;
    public const ushort Arp = 0x0806;
    public const ushort Ipv6 = 0x86dd;
    public const ushort Dot1Q = 0x8100;
    public const ushort Dot1Ad = 0x88a8;

    public static readonly byte[] Destination = [0x02, 0, 0, 0, 0, 0x0d];
    public static readonly byte[] Source = [0x02, 0, 0, 0, 0, 0x05];

    /// <summary>Addresses, tags from the outer one on, type, payload.</summary>
    public static byte[] Ethernet(ushort type, byte[] payload, params (ushort Tpid, ushort Tci)[] tags) =>
        [.. Destination, .. Source, .. tags.SelectMany(t => (byte[])[.. BigEndian(t.Tpid), .. BigEndian(t.Tci)]), .. BigEndian(type), .. payload];

    /// <summary>An IPv4 frame to an address, 64 bytes of payload.</summary>
    public static byte[] ToIpv4(string destination, params (ushort Tpid, ushort Tci)[] tags)
    {
        var packet = new byte[20 + 64];
        packet[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)packet.Length);
        packet[8] = 64;
        packet[9] = 17;
        IPAddress.Parse("192.0.2.1").GetAddressBytes().CopyTo(packet, 12);
        IPAddress.Parse(destination).GetAddressBytes().CopyTo(packet, 16);
        return Ethernet(Ipv4, packet, tags);
    }

    /// <summary>64 bytes that can be told apart.</summary>
    public static byte[] Payload { get; } = [.. Enumerable.Range(0, 64).Select(i => (byte)(i + 1))];

    private static byte[] BigEndian(ushort value) => [(byte)(value >> 8), (byte)value];
}
