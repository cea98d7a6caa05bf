using System.Buffers.Binary;
using System.Collections;
using System.IO.Compression;
using Devmapd.V1;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace ControlPlane.FuzzTests;

/// <summary>A call in bytes.</summary>
/// <param name="Method">The path.</param>
/// <param name="Body">The request: a framed message, or what is left of it.</param>
/// <param name="Headers">Further headers.</param>
/// <param name="Exists">Whether there is such a method.</param>
internal sealed record GrpcInput(string Method, byte[] Body, IReadOnlyList<(string Name, string Value)> Headers, bool Exists);

/// <summary>Makes calls from the descriptors of the services.</summary>
/// <param name="random">The source of chance.</param>
/// <param name="wrongCredentials">The probability of credentials that are not valid.</param>
internal sealed class GrpcInputs(Random random, double wrongCredentials)
{
    private static readonly MethodDescriptor[] Methods =
    [
        .. DevmapService.Descriptor.Methods, .. ProgramService.Descriptor.Methods, .. HostService.Descriptor.Methods, .. TokenService.Descriptor.Methods, .. LeaseService.Descriptor.Methods,
        .. ChangeService.Descriptor.Methods,
        .. Grpc.Health.V1.HealthReflection.Descriptor.Services[0].Methods, .. Grpc.Reflection.V1.ServerReflection.Descriptor.Methods,
    ];

    private static readonly Dictionary<string, string[]> Known = new(StringComparer.Ordinal)
    {
        ["devmap"] = ["default", "vlans", "addresses", "plain", "nope"],
        ["key"] = ["1", "2", "100", "4094", "10.0.0.7", "lo", "sim0", "sim1"],
        ["interface"] = ["lo", "sim0", "sim1", "sim2", "nosuch0"],
        ["egress_program"] = ["p1", "p2", "p3", "nope"],
        ["program"] = ["p1", "p2", "p3", "nope"],
        ["token"] = ["a", "t1", "t2", "nope"],
        ["name"] = ["a", "t1", "t2"],
        ["source_mac"] = ["02:00:00:00:00:01", "x"],
        ["page_token"] = ["AAAA", "zzzz"],
        ["label"] = ["a=b", "="],
        ["service"] = ["", "devmapd.v1.DevmapService", "nope"],
    };

    /// <summary>Makes a call.</summary>
    public GrpcInput Next()
    {
        var method = random.Of<MethodDescriptor>(Methods);
        if ((method.IsServerStreaming || method.Name == "AuditDevmap") && random.Happens(0.95))
            return Next();
        var headers = new List<(string, string)>();
        var message = Message(method.InputType, 0).ToByteArray();
        if (random.Happens(0.4))
            message = random.Damaged(message);
        var body = random.Happens(0.15) ? Compressed(message, headers) : Frame(0, message);
        if (random.Happens(0.08))
            body = DamagedFrame(body);
        if (!method.IsServerStreaming && method.InputType.FindFieldByName("timeout") is null && random.Happens(0.05))
            headers.Add(random.Of<(string, string)>(
                ("grpc-timeout", random.Of("1m", "0n", "99999999H", "x", "-1S")), ("grpc-accept-encoding", "zzz"), ("user-data-bin", "AAE"), ("x-request-id", "a b"), ("grpc-encoding", "zzz")));
        // A stream that is granted does not end, and a call may wait for minutes.
        if (method.IsServerStreaming || method.InputType.FindFieldByName("timeout") is not null)
            headers.Add(("grpc-timeout", method.IsServerStreaming ? "30m" : "200m"));
        if (random.Happens(wrongCredentials) && random.WrongCredentials().Split(": ") is [var name, var value])
            headers.Add((name, value));
        var exists = random.Happens(0.99);
        return new($"{method.Service.FullName}/{(exists ? method.Name : random.Of("Nope", "", "..", "%7e"))}", body, headers, exists);
    }

    private static byte[] Frame(byte flag, byte[] message)
    {
        var frame = new byte[5 + message.Length];
        frame[0] = flag;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    private byte[] Compressed(byte[] message, List<(string, string)> headers)
    {
        var encoding = random.Of("gzip", "gzip", "deflate");
        headers.Add(("grpc-encoding", random.Happens(0.9) ? encoding : random.Of("identity", "br", "")));
        using var stream = new MemoryStream();
        using (Stream zip = encoding == "gzip" ? new GZipStream(stream, CompressionLevel.Fastest, true) : new ZLibStream(stream, CompressionLevel.Fastest, true))
        {
            zip.Write(message);
            if (random.Happens(0.02))
                zip.Write(new byte[random.Next(10_000_000)]);
        }

        var bytes = stream.ToArray();
        return Frame(1, random.Happens(0.3) ? random.Damaged(bytes) : bytes);
    }

    private byte[] DamagedFrame(byte[] body)
    {
        var damaged = body.ToArray();
        switch (random.Next(5))
        {
            case 0:
                damaged[0] = (byte)random.Next(256);
                return damaged;
            case 1:
                BinaryPrimitives.WriteUInt32BigEndian(damaged.AsSpan(1), random.Of<uint>(0u, 1u, 65536u, 65537u, int.MaxValue, uint.MaxValue, (uint)body.Length));
                return damaged;
            case 2:
                return damaged[..random.Next(damaged.Length)];
            case 3:
                return [.. damaged, .. damaged];
            default:
                return random.Damaged(damaged);
        }
    }

    private IMessage Message(MessageDescriptor type, int depth)
    {
        var message = type.Parser.ParseFrom(ByteString.Empty);
        foreach (var field in type.Fields.InDeclarationOrder())
        {
            if (random.Happens(depth == 0 ? 0.2 : 0.3) || depth > 3)
                continue;
            if (field.IsMap)
            {
                var map = (IDictionary)field.Accessor.GetValue(message);
                for (var i = random.Next(random.Happens(0.02) ? 100 : 3); i > 0; i--)
                    map[random.Happens(0.8) ? random.Of("a", "b", "pod") : random.OddText()] = random.Happens(0.8) ? "x" : random.OddText();
            }
            else if (field.IsRepeated)
            {
                var list = (IList)field.Accessor.GetValue(message);
                for (var i = random.Next(3); i > 0; i--)
                    list.Add(Value(field, depth));
            }
            else
            {
                field.Accessor.SetValue(message, Value(field, depth));
            }
        }

        return message;
    }

    private object Value(FieldDescriptor field, int depth) => field.FieldType switch
    {
        FieldType.Message or FieldType.Group => Message(field.MessageType, depth + 1),
        FieldType.String => random.Happens(0.1) ? random.OddText() : Known.TryGetValue(field.Name, out var known) ? random.Of<string>(known) : "a",
        FieldType.Bytes => ByteString.CopyFrom(0, 255),
        FieldType.Bool => random.Happens(0.5),
        FieldType.Enum => Enum.ToObject(field.EnumType.ClrType, random.Of(0, 1, 2, 3, 99, -1, int.MaxValue)),
        FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => random.Of(0, 1, 7, 100, 4094, -1, int.MaxValue),
        FieldType.UInt32 or FieldType.Fixed32 => random.Of(0u, 1u, 100u, 4094u, uint.MaxValue),
        FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => random.Of(0L, 1L, 7L, -1L, long.MaxValue),
        FieldType.UInt64 or FieldType.Fixed64 => random.Of(0UL, 1UL, ulong.MaxValue),
        FieldType.Double => 1.5,
        _ => 1.5f,
    };
}
