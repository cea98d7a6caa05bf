using System.Buffers.Binary;
using System.Buffers.Text;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Api;

/// <summary>
/// Where a list goes on: after an identity, and not at a position, so that it holds whatever comes or goes between two pages. A
/// token fits only the query it came from.
/// </summary>
/// <param name="Key">The identity of the last entry of the page before.</param>
/// <param name="Buckets">The number of buckets of the devmap, whose order the list has. A resize changes it.</param>
internal sealed record PageToken(EntryKey Key, int Buckets)
{
    private const byte Version = 2;
    private const int QueryHashLength = 8;
    private const int HeaderLength = 3 + QueryHashLength;

    /// <summary>The token as text.</summary>
    public string Encode(string devmap, EntryQuery query)
    {
        var name = Key.InterfaceName is null ? null : Encoding.UTF8.GetBytes(Key.InterfaceName);
        var bytes = new byte[HeaderLength + (name?.Length ?? 4)];
        bytes[0] = Version;
        bytes[1] = (byte)(name is null ? 0 : 1);
        bytes[2] = (byte)BitOperations.Log2((uint)Buckets);
        HashOf(devmap, query).CopyTo(bytes.AsSpan(3));
        if (name is null)
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(HeaderLength), Key.Number);
        else
            name.CopyTo(bytes.AsSpan(HeaderLength));
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Reads a token; null with a message when it is not one, or not one of this query.</summary>
    public static PageToken? Decode(string text, string devmap, EntryQuery query, out string? fault)
    {
        fault = "is not a page token of this API";
        byte[] bytes;
        try
        {
            bytes = Base64Url.DecodeFromChars(text);
        }
        catch (FormatException)
        {
            return null;
        }

        if (bytes.Length < HeaderLength || bytes[0] != Version || bytes[1] > 1 || bytes[2] > 31 || (bytes[1] == 0 && bytes.Length != HeaderLength + 4))
            return null;
        if (!bytes.AsSpan(3, QueryHashLength).SequenceEqual(HashOf(devmap, query)))
        {
            fault = "belongs to a list with other filters; begin again without a page token";
            return null;
        }

        fault = null;
        var rest = bytes.AsSpan(HeaderLength);
        return new PageToken(
            bytes[1] == 0 ? EntryKey.OfNumber(BinaryPrimitives.ReadUInt32BigEndian(rest)) : EntryKey.OfInterface(Encoding.UTF8.GetString(rest)),
            (int)(1u << bytes[2]));
    }

    private static ReadOnlySpan<byte> HashOf(string devmap, EntryQuery query)
    {
        var text = string.Join('\0', [devmap, query.Interface ?? "", query.EgressProgram ?? "", query.State?.ToString() ?? "", query.Owner ?? "", .. query.Labels ?? []]);
        return SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, QueryHashLength);
    }
}
