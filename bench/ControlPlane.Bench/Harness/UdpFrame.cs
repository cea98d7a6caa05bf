using System.Buffers.Binary;

namespace ControlPlane.Bench.Harness;

/// <summary>Frames of IPv4 and UDP for measurements of checksums.</summary>
internal static class UdpFrame
{
    private const int Udp = 34; // where its header begins
    private const int ChecksumField = Udp + 6;
    private const int FreeWord = Udp + 8;

    /// <summary>A frame with a whole checksum.</summary>
    public static byte[] Whole(int length)
    {
        var frame = Make(length);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(ChecksumField), (ushort)~Fold(Pseudo(length) + Sum(frame.AsSpan(Udp))));
        return frame;
    }

    /// <summary>
    /// A frame with a partial checksum that is also the whole one. The kernel sends the same bytes again and again, so a frame that
    /// looked different once it is completed would be completed only once.
    /// </summary>
    public static byte[] Partial(int length)
    {
        var frame = Make(length);
        var pseudo = Fold(Pseudo(length));
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(ChecksumField), pseudo);
        // The sum of all words must be the complement of the field.
        var rest = Fold(Sum(frame.AsSpan(Udp)));
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(FreeWord), Fold((uint)(ushort)~pseudo + (ushort)~rest));
        return frame;
    }

    private static uint Pseudo(int length) => (10 << 8) + 1 + (10 << 8) + 2 + 17 + (uint)(length - Udp);

    private static byte[] Make(int length)
    {
        var frame = new byte[length];
        frame[12] = 8;
        frame[14] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(16), (ushort)(length - 14));
        frame[22] = 64;
        frame[23] = 17;
        (frame[26], frame[27], frame[30], frame[31]) = (10, 1, 10, 2);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(Udp + 4), (ushort)(length - Udp));
        return frame;
    }

    private static uint Sum(ReadOnlySpan<byte> bytes)
    {
        var sum = 0u;
        for (var i = 0; i + 1 < bytes.Length; i += 2)
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes[i..]);
        return sum;
    }

    private static ushort Fold(uint sum)
    {
        while (sum > ushort.MaxValue)
            sum = (sum & ushort.MaxValue) + (sum >> 16);
        return (ushort)sum;
    }
}
