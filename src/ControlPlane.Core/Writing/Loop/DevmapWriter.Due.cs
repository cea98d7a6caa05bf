using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Writing.Commands;

namespace ControlPlane.Core.Writing.Loop;

/// <summary>
/// Work that comes with time: leases end, and entries whose interfaces were removed. The daemon itself submits it, in the turn in which its time has come.
/// </summary>
internal sealed partial class DevmapWriter
{
    // Due work waits this long at most, however much comes one after the other.
    private static readonly TimeSpan LeastPause = TimeSpan.FromMilliseconds(20);

    private readonly ITimer _due;
    private volatile bool _dueHasCome;
    private long _dueAt = long.MaxValue;

    /// <summary>Submits the commands whose time has come.</summary>
    private void SubmitDue()
    {
        foreach (var lease in _state.LeaseClock.TakeOver())
            _ = EndAsync(new ExpireLeaseCommand(lease));
        foreach (var name in _context.Gone.TakeDue())
            _ = EndAsync(new DeleteGoneCommand(name));
    }

    // A change that fails now comes again: the store can be full, the queue too, and the kernel can refuse.
    private async Task EndAsync(WriterCommand<long?> command)
    {
        try
        {
            await SubmitAsync(command, RequestContext.OfDaemon());
        }
        catch (ControlPlaneException e)
        {
            if (e.Error.Code != ErrorCode.ShuttingDown)
                WriterLog.NotEnded(_changes, command.Change!, e.Error.Detail);
        }
    }

    /// <summary>Has the loop woken when the next work can be due.</summary>
    private void WakeForDue()
    {
        _context.Gone.ObserveWrites(_context.Interfaces, _context.PlannedRevision);
        var next = Math.Min(_state.LeaseClock.Earliest, _context.Gone.Earliest);
        // A timer can come a little before its time.
        if (next == _dueAt && !_dueHasCome)
            return;
        (_dueAt, _dueHasCome) = (next, false);
        var now = _time.GetTimestamp();
        if (next <= now)
            _queue.Wake();
        else
            _due.Change(next == long.MaxValue ? Timeout.InfiniteTimeSpan : PauseUntil(now, next), Timeout.InfiniteTimeSpan);
    }

    private TimeSpan PauseUntil(long now, long next) => _time.GetElapsedTime(now, next) is var pause && pause > LeastPause ? pause : LeastPause;

    private void DueHasCome()
    {
        _dueHasCome = true;
        _queue.Wake();
    }
}
