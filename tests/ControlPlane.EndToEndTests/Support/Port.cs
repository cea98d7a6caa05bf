using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.Support;

/// <summary>A port of the testbed: the interface that the daemon sees, and its far end.</summary>
internal sealed record Port(VethPair Pair, FrameSocket Far)
{
    public string Name => Pair.Name;

    /// <summary>Sends frames in by this port and gives those that come out at each of the others.</summary>
    public IReadOnlyList<IReadOnlyList<byte[]>> Send(IEnumerable<byte[]> frames, ulong run, params Port[] others)
    {
        foreach (var frame in frames)
            Far.Send(frame);
        return [.. others.Select(o => o.Far.ReceiveUntilQuiet(run, TimeSpan.FromMilliseconds(200)))];
    }
}
