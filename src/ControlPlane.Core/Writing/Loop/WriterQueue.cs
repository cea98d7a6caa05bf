using System.Diagnostics.CodeAnalysis;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Fairness;
using ControlPlane.Core.Model;
using ControlPlane.Core.Writing.Commands;

namespace ControlPlane.Core.Writing.Loop;

/// <summary>
/// The commands that wait for the writer, bounded in all and for each caller. A full queue refuses at once. The writer takes commands from the
/// callers in turn, and those of one caller in their order: a caller with many commands delays another by one command. A command that writes several
/// resources counts as so many.
/// </summary>
internal sealed class WriterQueue(WriterOptions options)
{
    private readonly object _lock = new(); // for Monitor.Wait
    private readonly CallerTurns<WriterCommand> _waiting = new(static c => c.Weight);
    private int _count;
    private bool _woken;
    private bool _closed;

    /// <summary>The writes that wait.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>The commands that were refused because the queue was full, or had too many of their caller.</summary>
    public RefusalCounts Refused { get; } = new();

    /// <summary>Adds a command; returns the reason if the queue refuses it.</summary>
    public Error? Add(WriterCommand command)
    {
        var account = command.Request.Caller.Account;
        lock (_lock)
        {
            if (Judge(command.Request.Caller, account) is { } refusal)
                return refusal;
            _waiting.Add(account, command);
            _count = _waiting.Count;
            Monitor.Pulse(_lock);
            return null;
        }
    }

    /// <summary>Returns the reason if a command of a caller would be refused now, and counts the refusal; null if there is a place for it.</summary>
    public Error? FindRefusal(Caller caller)
    {
        lock (_lock)
            return Judge(caller, caller.Account);
    }

    /// <summary>Takes the next command; false if none waits.</summary>
    public bool TryTake([NotNullWhen(true)] out WriterCommand? command)
    {
        lock (_lock)
        {
            _woken = false;
            var taken = _waiting.TryTake(out command);
            _count = _waiting.Count;
            return taken;
        }
    }

    /// <summary>Waits for a command or for <see cref="Wake"/>; false if the queue is closed and empty.</summary>
    public bool Wait()
    {
        lock (_lock)
        {
            while (_count == 0 && !_woken && !_closed)
                Monitor.Wait(_lock);
            return _count > 0 || !_closed;
        }
    }

    /// <summary>Ends the wait without a command.</summary>
    public void Wake()
    {
        lock (_lock)
        {
            _woken = true;
            Monitor.Pulse(_lock);
        }
    }

    /// <summary>Refuses all further commands. Those that wait stay.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            Monitor.Pulse(_lock);
        }
    }

    private Error? Judge(Caller caller, CallerAccount account)
    {
        if (_closed)
            return RequestErrors.ShuttingDown();
        if (_count >= options.MostFor(caller))
        {
            Refused.Add(ofCaller: false);
            return RequestErrors.WriterBusy(_count);
        }

        if (_waiting.CountOf(account) is var own && own < options.MostOf(caller))
            return null;
        Refused.Add(ofCaller: true);
        return RequestErrors.WriterBusyForCaller(account.ToString(), own);
    }
}
