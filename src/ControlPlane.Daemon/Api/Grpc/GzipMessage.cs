using System.Buffers.Binary;
using System.IO.Compression;

namespace ControlPlane.Daemon.Api.Grpc;

/// <summary>
/// Reads a message that is one member of a gzip file (RFC 1952): its header, its data, and the checksum and length at its end. GZipStream does not
/// miss an end that is not there.
/// </summary>
internal static class GzipMessage
{
    private const int HeaderBytes = 10, TrailerBytes = 8;

    [Flags]
    private enum HeaderFlags : byte
    {
        Crc = 2,
        Extra = 4,
        Name = 8,
        Comment = 16,
        Reserved = 0xE0,
    }

    /// <summary>Returns the message; null if it is longer than the limit.</summary>
    /// <exception cref="InvalidDataException">It is not a whole gzip member.</exception>
    public static byte[]? Read(byte[] member, int limit)
    {
        var data = SkipHeader(member);
        if (data > member.Length - TrailerBytes)
            throw CutShort();
        using var stream = new DeflateStream(new MemoryStream(member, data, member.Length - TrailerBytes - data), CompressionMode.Decompress);
        if (ReadAll(stream, limit) is not { } message)
            return null;
        var trailer = member.AsSpan(^TrailerBytes..);
        if (BinaryPrimitives.ReadUInt32LittleEndian(trailer[4..]) != message.Length)
            throw new InvalidDataException("its length is another than the one at its end");
        return BinaryPrimitives.ReadUInt32LittleEndian(trailer) == Checksums.Crc32(message) ? message : throw new InvalidDataException("its checksum is wrong");
    }

    /// <summary>Reads a stream to its end; null if it is longer than the limit.</summary>
    public static byte[]? ReadAll(Stream stream, int limit)
    {
        var message = new byte[limit + 1];
        var length = stream.ReadAtLeast(message, message.Length, throwOnEndOfStream: false);
        return length > limit ? null : message[..length];
    }

    private static int SkipHeader(ReadOnlySpan<byte> member)
    {
        if (member.Length < HeaderBytes)
            throw CutShort();
        if (member[0] != 0x1f || member[1] != 0x8b || member[2] != 8)
            throw new InvalidDataException("it does not begin as gzip does");
        var flags = (HeaderFlags)member[3];
        if ((flags & HeaderFlags.Reserved) != 0)
            throw new InvalidDataException("its header has flags that gzip does not have");
        var at = HeaderBytes;
        if (flags.HasFlag(HeaderFlags.Extra))
            at += at + 2 <= member.Length ? 2 + BinaryPrimitives.ReadUInt16LittleEndian(member[at..]) : throw CutShort();
        if (flags.HasFlag(HeaderFlags.Name))
            at = SkipText(member, at);
        if (flags.HasFlag(HeaderFlags.Comment))
            at = SkipText(member, at);
        return flags.HasFlag(HeaderFlags.Crc) ? at + 2 : at;
    }

    private static int SkipText(ReadOnlySpan<byte> member, int at) =>
        at <= member.Length && member[at..].IndexOf((byte)0) is >= 0 and var end ? at + end + 1 : throw CutShort();

    private static InvalidDataException CutShort() => new("it ends too early");
}

/// <summary>The checksums of compressed data.</summary>
internal static class Checksums
{
    private const uint Polynomial = 0xEDB88320;
    private const uint AdlerModulus = 65521;

    private static readonly uint[] CrcTable = [.. Enumerable.Range(0, 256).Select(n => Enumerable.Range(0, 8).Aggregate((uint)n, (c, _) => (c & 1) == 0 ? c >> 1 : (c >> 1) ^ Polynomial))];

    /// <summary>Returns the CRC-32 of gzip (RFC 1952).</summary>
    public static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var octet in bytes)
            crc = CrcTable[(byte)(crc ^ octet)] ^ (crc >> 8);
        return ~crc;
    }

    /// <summary>Returns the Adler-32 of zlib (RFC 1950).</summary>
    public static uint Adler32(ReadOnlySpan<byte> bytes)
    {
        uint a = 1, b = 0;
        foreach (var octet in bytes)
        {
            a = (a + octet) % AdlerModulus;
            b = (b + a) % AdlerModulus;
        }

        return (b << 16) | a;
    }
}
