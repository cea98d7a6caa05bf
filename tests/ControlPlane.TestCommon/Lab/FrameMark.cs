using System.Buffers.Binary;

namespace ControlPlane.TestCommon.Lab;

/// <summary>
/// The mark that identifies a frame of the tests: its last 24 bytes. Programs that push or pop tags or change addresses leave
/// them alone.
/// </summary>
/// <param name="Run">The run it belongs to (<see cref="NewRun"/>).</param>
/// <param name="Sequence">Its number within the run, from 0.</param>
public readonly record struct FrameMark(ulong Run, ulong Sequence)
{
    /// <summary>Bytes it takes at the end of a frame.</summary>
    public const int Length = 24;

    private static ReadOnlySpan<byte> Magic => "lab mark"u8;

    /// <summary>A run that no other test uses.</summary>
    public static ulong NewRun() => (ulong)Random.Shared.NextInt64(1, long.MaxValue);

    /// <summary>Reads the mark of a frame. False for frames of others.</summary>
    public static bool TryRead(ReadOnlySpan<byte> frame, out FrameMark mark)
    {
        mark = default;
        if (frame.Length < Length || !frame[^Length..].StartsWith(Magic))
            return false;
        mark = new FrameMark(BinaryPrimitives.ReadUInt64BigEndian(frame[^16..]), BinaryPrimitives.ReadUInt64BigEndian(frame[^8..]));
        return true;
    }

    /// <summary>Writes the mark into the last bytes.</summary>
    public void WriteTo(Span<byte> frame)
    {
        Magic.CopyTo(frame[^Length..]);
        BinaryPrimitives.WriteUInt64BigEndian(frame[^16..], Run);
        BinaryPrimitives.WriteUInt64BigEndian(frame[^8..], Sequence);
    }
}
