using System.Buffers;
using Devmapd.V1;
using Google.Protobuf;
using Grpc.Core;

namespace ControlPlane.Daemon.Api.Grpc;

/// <summary>
/// Writes pages of entries. The entries of a page share most of their conditions, so the bytes of each condition are made once. An entry
/// then carries its status twice: without conditions, and with nothing else. Protobuf has readers merge the two.
/// </summary>
internal static class EntryPageMarshaller
{
    private const int MaxVarint = 5;

    /// <summary>The marshaller of the answer.</summary>
    public static Marshaller<ListEntriesResponse> Instance { get; } = new(Write, (DeserializationContext _) => throw new NotSupportedException("the daemon reads no answers"));

    private static void Write(ListEntriesResponse page, SerializationContext context)
    {
        var bytes = new Dictionary<Condition, byte[]>(ReferenceEqualityComparer.Instance);
        var parts = page.Entries.Select(entry => Take(entry, bytes)).ToList();
        page.Entries.Clear();
        context.SetPayloadLength(page.CalculateSize() + parts.Sum(part => SizeOf(ListEntriesResponse.EntriesFieldNumber, part.Length)));
        var output = context.GetBufferWriter();
        foreach (var part in parts)
            Write(part, output);
        page.WriteTo(output);
        context.Complete();
    }

    private static Part Take(Entry entry, Dictionary<Condition, byte[]> bytes)
    {
        var conditions = new byte[entry.Status.Conditions.Count][];
        var sum = 0;
        for (var i = 0; i < conditions.Length; i++)
        {
            var condition = entry.Status.Conditions[i];
            if (!bytes.TryGetValue(condition, out var known))
                bytes.Add(condition, known = new EntryStatus { Conditions = { condition } }.ToByteArray());
            conditions[i] = known;
            sum += known.Length;
        }

        entry.Status.Conditions.Clear();
        return new(entry, conditions, sum, entry.CalculateSize() + SizeOf(Entry.StatusFieldNumber, sum));
    }

    private static void Write(Part part, IBufferWriter<byte> output)
    {
        WriteHead(ListEntriesResponse.EntriesFieldNumber, part.Length, output);
        part.Entry.WriteTo(output);
        WriteHead(Entry.StatusFieldNumber, part.ConditionBytes, output);
        foreach (var condition in part.Conditions)
            output.Write(condition);
    }

    private static int SizeOf(int field, int length) => CodedOutputStream.ComputeTagSize(field) + CodedOutputStream.ComputeLengthSize(length) + length;

    // The head of a field that is a message: its tag, and the length of the message.
    private static void WriteHead(int field, int length, IBufferWriter<byte> output)
    {
        var span = output.GetSpan(2 * MaxVarint);
        var size = WriteVarint(WireFormat.MakeTag(field, WireFormat.WireType.LengthDelimited), span);
        output.Advance(size + WriteVarint((uint)length, span[size..]));
    }

    private static int WriteVarint(uint value, Span<byte> span)
    {
        var size = 0;
        for (; value > 0x7F; value >>= 7)
            span[size++] = (byte)(value | 0x80);
        span[size++] = (byte)value;
        return size;
    }

    /// <summary>An entry of a page.</summary>
    /// <param name="Entry">The entry without its conditions.</param>
    /// <param name="Conditions">The conditions, each encoded as a field of the status.</param>
    /// <param name="ConditionBytes">Their length in bytes.</param>
    /// <param name="Length">The length of the whole entry in bytes.</param>
    private readonly record struct Part(Entry Entry, byte[][] Conditions, int ConditionBytes, int Length);
}
