using ControlPlane.Core.Errors;
using ControlPlane.Core.Ports;

namespace ControlPlane.Core.Writing.Loop;

/// <summary>A turn of the loop that was asked for: it shows that the writer works, and finds out whether store, kernel and pins do.</summary>
internal sealed partial class DevmapWriter
{
    private TaskCompletionSource<WriterReport>? _turn;
    private volatile string? _storeProblem;
    private string? _kernelProblem;

    /// <summary>Why a change could not be made durable, or could not be now; null if it can. It changes with the answer of the change.</summary>
    public string? StoreProblem => _storeProblem;

    /// <summary>
    /// Asks for a turn of the loop. It takes no place in the queue, so that a full queue cannot prevent it. Callers that ask before that turn
    /// share it.
    /// </summary>
    public Task<WriterReport> TurnAsync()
    {
        var turn = new TaskCompletionSource<WriterReport>(TaskCreationOptions.RunContinuationsAsynchronously);
        turn = Interlocked.CompareExchange(ref _turn, turn, null) ?? turn;
        _queue.Wake();
        return turn.Task;
    }

    private void AnswerTurn()
    {
        if (Interlocked.Exchange(ref _turn, null) is not { } turn)
            return;
        try
        {
            turn.TrySetResult(Report());
        }
        catch (Exception e)
        {
            turn.TrySetException(e);
            throw;
        }
    }

    private WriterReport Report()
    {
        try
        {
            _store.Verify();
            StoreWorks();
        }
        catch (StoreException e)
        {
            StoreRefuses(e);
        }

        return new WriterReport(_storeProblem, _kernelProblem, _kernel.Pins.FindMissing());
    }

    // A store that stays as it is needs no more than one line in the log, however many callers ask for changes.
    private void StoreRefuses(StoreException e)
    {
        if (_storeProblem is null)
            WriterLog.StoreRefused(_logger, e.Message, e);
        else
            WriterLog.StoreRefusesStill(_logger, e.Message);
        _storeProblem = e.Message;
    }

    private void StoreWorks()
    {
        if (_storeProblem is not null)
            WriterLog.StoreWorks(_logger);
        _storeProblem = null;
    }

    private void KernelRefuses(KernelException e)
    {
        if (_kernelProblem is null)
            WriterLog.InterfacesNotRead(_logger, e);
        _kernelProblem = e.Message;
    }
}

/// <summary>The findings of the writer in a turn.</summary>
/// <param name="StoreProblem">Why a change cannot be made durable; null if it can.</param>
/// <param name="KernelProblem">Why the interfaces cannot be read; null if they can.</param>
/// <param name="MissingPins">The pins that somebody else removed, as paths below the pin root.</param>
internal sealed record WriterReport(string? StoreProblem, string? KernelProblem, IReadOnlyList<string> MissingPins);
