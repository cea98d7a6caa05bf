using System.Collections;
using System.Diagnostics;

namespace ControlPlane.TestCommon.Lab;

/// <summary>Receives the frames of one run on a thread of its own and keeps account of each.</summary>
public sealed class TrafficReceiver : IDisposable
{
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(20);
    private readonly FrameSocket _socket;
    private readonly ulong _run;
    private readonly Thread _thread;
    private readonly Lock _lock = new();
    private readonly BitArray _arrived = new(1024);
    private ulong _delivered;
    private ulong _duplicates;
    private Exception? _failure;
    private volatile bool _stopping;

    private TrafficReceiver(FrameSocket socket, ulong run)
    {
        (_socket, _run) = (socket, run);
        _thread = new Thread(ReceiveAll) { IsBackground = true, Name = "traffic receiver" };
    }

    /// <summary>Different frames that have arrived.</summary>
    public ulong Delivered
    {
        get
        {
            lock (_lock)
                return _delivered;
        }
    }

    /// <summary>Begins to receive; the socket must live until this is disposed, and nobody else may receive from it.</summary>
    public static TrafficReceiver Start(FrameSocket socket, ulong run)
    {
        var receiver = new TrafficReceiver(socket, run);
        receiver._thread.Start();
        return receiver;
    }

    /// <summary>
    /// The account of the frames 0 .. sent - 1: as soon as all have arrived, or else when none has for the quiet time.
    /// </summary>
    /// <exception cref="InvalidOperationException">The receiving socket overflowed: the account would not be exact.</exception>
    public async Task<TrafficReport> ReportAsync(ulong sent, TimeSpan? quiet = null)
    {
        var patience = quiet ?? TimeSpan.FromMilliseconds(500);
        var last = Delivered;
        var clock = Stopwatch.StartNew();
        while (last < sent && clock.Elapsed < patience)
        {
            await Task.Delay(5);
            if (Delivered != last)
            {
                last = Delivered;
                clock.Restart();
            }
        }

        lock (_lock)
        {
            if (_failure is not null)
                throw new InvalidOperationException("the receiver failed", _failure);
            if (_socket.TakeDropped() is > 0 and var dropped)
                throw new InvalidOperationException($"the receiving socket had no room for {dropped} frames");
            return new TrafficReport(sent, _delivered, _duplicates, FirstLost(sent));
        }
    }

    /// <summary>Ends it.</summary>
    public void Dispose()
    {
        _stopping = true;
        _thread.Join();
    }

    private ulong? FirstLost(ulong sent)
    {
        for (var sequence = 0UL; sequence < sent; sequence++)
        {
            if (sequence >= (ulong)_arrived.Length || !_arrived[(int)sequence])
                return sequence;
        }

        return null;
    }

    private void ReceiveAll()
    {
        try
        {
            while (!_stopping)
            {
                if (_socket.Receive(Slice) is { } frame && FrameMark.TryRead(frame, out var mark) && mark.Run == _run)
                    Note((int)mark.Sequence);
            }
        }
#pragma warning disable CA1031 // the report tells
        catch (Exception failure)
#pragma warning restore CA1031
        {
            lock (_lock)
                _failure = failure;
        }
    }

    private void Note(int sequence)
    {
        lock (_lock)
        {
            if (sequence >= _arrived.Length)
                _arrived.Length = Math.Max(sequence + 1, _arrived.Length * 2);
            if (_arrived[sequence])
                _duplicates++;
            else
                _delivered++;
            _arrived[sequence] = true;
        }
    }
}

/// <summary>The fate of the frames of a run.</summary>
/// <param name="Sent">Frames that were sent.</param>
/// <param name="Delivered">Different frames that arrived.</param>
/// <param name="Duplicates">Arrivals of frames that had arrived before.</param>
/// <param name="FirstLost">The number of the first frame that did not arrive; null when all did.</param>
public sealed record TrafficReport(ulong Sent, ulong Delivered, ulong Duplicates, ulong? FirstLost)
{
    /// <summary>Frames that did not arrive.</summary>
    public ulong Lost => Sent - Delivered;

    /// <summary>Whether every frame arrived exactly once.</summary>
    public bool IsPerfect => Lost == 0 && Duplicates == 0;
}
