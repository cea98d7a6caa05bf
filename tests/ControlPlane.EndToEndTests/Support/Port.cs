using System.Diagnostics;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.Support;

/// <summary>A port of the testbed: the interface that the daemon sees, and its far end.</summary>
internal sealed record Port(VethPair Pair, FrameSocket Far)
{
    // A busy machine delays frames. Only a test that expects no frame always waits this long.
    private static readonly TimeSpan Quiet = Patience.OfSeconds(0.2);
    private static readonly TimeSpan Wait = Patience.OfSeconds(2);
    private static readonly TimeSpan Surplus = TimeSpan.FromMilliseconds(20);

    public string Name => Pair.Name;

    /// <summary>Sends frames in by this port and returns those that come out at each of the others, when none has come for a while.</summary>
    public IReadOnlyList<IReadOnlyList<byte[]>> Send(IEnumerable<byte[]> frames, ulong run, params Port[] others) =>
        Send(frames, run, others, _ => Quiet);

    /// <summary>Sends frames in by this port and returns those that come out at a port that should send so many.</summary>
    public IReadOnlyList<byte[]> Send(IEnumerable<byte[]> frames, ulong run, Port target, int expected) =>
        Send(frames, run, [target], received => received < expected ? Wait : Surplus)[0];

    /// <summary>Asserts that a frame sent in by this port comes out at another, once and unchanged.</summary>
    public void AssertReaches(Port target, string destination = "10.0.0.7")
    {
        var run = FrameMark.NewRun();
        var frame = Frames.Udp(new FrameMark(run, 0), destination);
        Assert.Equal([frame], Send([frame], run, target, expected: 1));
    }

    /// <summary>Asserts that a frame sent in by this port does not come out at another.</summary>
    public void AssertDoesNotReach(Port target, string destination = "10.0.0.7")
    {
        var run = FrameMark.NewRun();
        Assert.Empty(Send([Frames.Udp(new FrameMark(run, 0), destination)], run, target)[0]);
    }

    private List<byte[]>[] Send(IEnumerable<byte[]> frames, ulong run, Port[] others, Func<int, TimeSpan> quiet)
    {
        foreach (var frame in frames)
            Far.Send(frame);
        List<byte[]>[] received = [.. others.Select(_ => new List<byte[]>())];
        var last = Stopwatch.StartNew();
        while (last.Elapsed < quiet(received[0].Count))
        {
            foreach (var (index, other) in others.Index())
            {
                while (other.Far.Receive(TimeSpan.Zero) is { } frame)
                {
                    if (!FrameMark.TryRead(frame, out var mark) || mark.Run != run)
                        continue;
                    received[index].Add(frame);
                    last.Restart();
                }
            }

            Thread.Sleep(1);
        }

        return received;
    }
}
