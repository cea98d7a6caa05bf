using System.Globalization;
using ControlPlane.Core.Errors;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace ControlPlane.Daemon.Api.Grpc;

/// <summary>
/// Finds fields on the wire that a message does not have. Google.Protobuf keeps them silently. This reads the tags
/// again, without allocating, from a message that has been parsed and so is well formed.
/// </summary>
internal static class UnknownFields
{
    /// <summary>Adds a violation for each field that <paramref name="type"/>, or a message in it, does not have or has with another type.</summary>
    public static void Report(ReadOnlySpan<byte> message, MessageDescriptor type, ref Violations? violations, string path = "")
    {
        while (!message.IsEmpty)
        {
            var tag = (uint)ReadVarint(ref message);
            var (number, wireType) = (WireFormat.GetTagFieldNumber(tag), WireFormat.GetTagWireType(tag));
            var field = type.FindFieldByNumber(number);
            if (field is null || !Fits(field, wireType))
                Add(ref violations, path, number, type);
            var value = Skip(ref message, wireType, number);
            if (field is { FieldType: FieldType.Message } && wireType == WireFormat.WireType.LengthDelimited)
                Report(value, field.MessageType, ref violations, path.Length == 0 ? field.JsonName : $"{path}.{field.JsonName}");
        }
    }

    private static void Add(ref Violations? violations, string path, int number, MessageDescriptor type)
    {
        var digits = number.ToString(CultureInfo.InvariantCulture);
        var name = path.Length == 0 ? digits : $"{path}.{digits}";
        violations ??= new Violations();
        if (!violations.Has(name))
            violations.Add(name, $"{type.FullName} has no field {number} of this type");
    }

    private static bool Fits(FieldDescriptor field, WireFormat.WireType wireType)
    {
        var expected = field.FieldType switch
        {
            FieldType.String or FieldType.Bytes or FieldType.Message => WireFormat.WireType.LengthDelimited,
            FieldType.Fixed32 or FieldType.SFixed32 or FieldType.Float => WireFormat.WireType.Fixed32,
            FieldType.Fixed64 or FieldType.SFixed64 or FieldType.Double => WireFormat.WireType.Fixed64,
            FieldType.Group => WireFormat.WireType.StartGroup,
            _ => WireFormat.WireType.Varint,
        };
        return wireType == expected
            || (field.IsRepeated && expected != WireFormat.WireType.StartGroup && wireType == WireFormat.WireType.LengthDelimited);
    }

    /// <summary>Steps over a value; gives its bytes if they are length-delimited.</summary>
    private static ReadOnlySpan<byte> Skip(ref ReadOnlySpan<byte> rest, WireFormat.WireType wireType, int number)
    {
        switch (wireType)
        {
            case WireFormat.WireType.Varint:
                ReadVarint(ref rest);
                return default;
            case WireFormat.WireType.LengthDelimited:
                var length = (int)ReadVarint(ref rest);
                var value = rest[..length];
                rest = rest[length..];
                return value;
            case WireFormat.WireType.Fixed32:
                rest = rest[4..];
                return default;
            case WireFormat.WireType.Fixed64:
                rest = rest[8..];
                return default;
            case WireFormat.WireType.StartGroup:
                SkipGroup(ref rest, number);
                return default;
            default:
                throw InvalidWireType(wireType);
        }
    }

    private static void SkipGroup(ref ReadOnlySpan<byte> rest, int number)
    {
        while (true)
        {
            var tag = (uint)ReadVarint(ref rest);
            var wireType = WireFormat.GetTagWireType(tag);
            if (wireType == WireFormat.WireType.EndGroup)
                return;
            Skip(ref rest, wireType, number);
        }
    }

    private static ulong ReadVarint(ref ReadOnlySpan<byte> rest)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var octet = rest[0];
            rest = rest[1..];
            value |= (ulong)(octet & 0x7f) << shift;
            if (octet < 0x80)
                return value;
        }
    }

    private static InvalidOperationException InvalidWireType(WireFormat.WireType wireType) =>
        new($"wire type {wireType} in a message that was parsed");
}
