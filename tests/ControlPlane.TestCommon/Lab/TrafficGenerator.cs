using System.Diagnostics;

namespace ControlPlane.TestCommon.Lab;

/// <summary>Sends the frames of one run on a thread of its own, numbered from 0, at a steady pace and bounded.</summary>
public sealed class TrafficGenerator : IAsyncDisposable
{
    private const int MaxBurst = 64;
    private static readonly TimeSpan UsualTime = Patience.OfSeconds(60);

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly FrameSocket _socket;
    private readonly Func<FrameMark, byte[]> _build;
    private readonly TrafficPlan _plan;
    private readonly ulong _run;
    private ulong _sent;
    private volatile bool _stopping;

    private TrafficGenerator(FrameSocket socket, ulong run, Func<FrameMark, byte[]> build, TrafficPlan plan) =>
        (_socket, _run, _build, _plan) = (socket, run, build, plan);

    /// <summary>Frames sent until now: their numbers are 0 .. Sent - 1.</summary>
    public ulong Sent => Interlocked.Read(ref _sent);

    /// <summary>Done when the plan is; it carries the exception if sending failed.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Begins to send.</summary>
    /// <param name="socket">Where; it must live until the end.</param>
    /// <param name="run">The run, the same as the receiver's.</param>
    /// <param name="build">Makes the frame that carries a mark.</param>
    /// <param name="plan">How much and how fast.</param>
    public static TrafficGenerator Start(FrameSocket socket, ulong run, Func<FrameMark, byte[]> build, TrafficPlan? plan = null)
    {
        var generator = new TrafficGenerator(socket, run, build, plan ?? new TrafficPlan());
        new Thread(generator.SendAll) { IsBackground = true, Name = "traffic" }.Start();
        return generator;
    }

    /// <summary>Ends it before its plan does, and waits for the last frame.</summary>
    /// <returns>Frames sent in all.</returns>
    public async Task<ulong> StopAsync()
    {
        _stopping = true;
        await Ended;
        return Sent;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        _stopping = true;
        await Ended.ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    private void SendAll()
    {
        try
        {
            var clock = Stopwatch.StartNew();
            var time = _plan.Time ?? UsualTime;
            while (!_stopping && _sent < _plan.Frames && clock.Elapsed < time)
            {
                var due = Math.Min(clock.Elapsed.TotalSeconds * _plan.FramesPerSecond, _plan.Frames);
                for (var burst = 0; burst < MaxBurst && _sent < due; burst++)
                {
                    _socket.Send(_build(new FrameMark(_run, _sent)));
                    Interlocked.Increment(ref _sent);
                }

                Thread.Sleep(1);
            }

            _ended.SetResult();
        }
#pragma warning disable CA1031 // it is the result of the run
        catch (Exception failure)
#pragma warning restore CA1031
        {
            _ended.SetException(failure);
        }
    }
}

/// <summary>How much a generator sends, and how fast. It ends at whichever bound comes first.</summary>
/// <param name="Frames">At most so many frames.</param>
/// <param name="FramesPerSecond">Evenly, in bursts of at most 64, which every queue of a veth takes.</param>
/// <param name="Time">At most so long; a minute by default.</param>
public sealed record TrafficPlan(ulong Frames = ulong.MaxValue, double FramesPerSecond = 20_000, TimeSpan? Time = null);
