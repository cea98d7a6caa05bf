using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ControlPlane.Core.Api;

/// <summary>Where a list of changes goes on. A token fits only the filters that it came from.</summary>
/// <param name="Bound">The revision at which commits are read: after it, the oldest first; or before it, the newest first.</param>
/// <param name="Skip">How many changes of the first commit were shown before, or passed no filter.</param>
internal readonly record struct ChangeToken(long Bound, int Skip)
{
    private const byte Version = 1;
    private const int HashLength = 8;
    private const int Length = 1 + HashLength + sizeof(long) + sizeof(int);

    /// <summary>The token as text.</summary>
    public string Encode(ChangeQuery query)
    {
        var bytes = new byte[Length];
        bytes[0] = Version;
        HashOf(query).CopyTo(bytes.AsSpan(1));
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(1 + HashLength), Bound);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(1 + HashLength + sizeof(long)), Skip);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Reads a token; null with a message when it is not one, or not one of this query.</summary>
    public static ChangeToken? Decode(string text, ChangeQuery query, out string? problem)
    {
        problem = "is not a page token of this list";
        byte[] bytes;
        try
        {
            bytes = Base64Url.DecodeFromChars(text);
        }
        catch (FormatException)
        {
            return null;
        }

        if (bytes.Length != Length || bytes[0] != Version)
            return null;
        if (!bytes.AsSpan(1, HashLength).SequenceEqual(HashOf(query)))
        {
            problem = "belongs to a list with other filters; begin again without a page token";
            return null;
        }

        var (bound, skip) = (BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(1 + HashLength)), BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(1 + HashLength + sizeof(long))));
        if (bound < 0 || skip < 0)
            return null;
        problem = null;
        return new ChangeToken(bound, skip);
    }

    private static ReadOnlySpan<byte> HashOf(ChangeQuery query)
    {
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{query.Order}\0{query.Devmap}\0{query.Key}\0{query.Owner}\0{query.Actor}\0{query.SinceRevision}\0{query.UntilRevision}\0{query.SinceTime:O}\0{query.UntilTime:O}");
        return SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, HashLength);
    }
}
