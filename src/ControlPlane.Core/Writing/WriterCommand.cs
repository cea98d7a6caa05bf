using ControlPlane.Core.Errors;
using ControlPlane.Core.Ports;

namespace ControlPlane.Core.Writing;

/// <summary>
/// One piece of work for the writer. A command that is cancelled while it waits is skipped; once begun it finishes and
/// answers with what happened.
/// </summary>
internal abstract class WriterCommand
{
    private const int Waiting = 0, Begun = 1, Cancelled = 2;
    private int _phase = Waiting;

    /// <summary>Takes the command out of the waiting; false when it was cancelled before.</summary>
    public bool TryBegin() => Interlocked.CompareExchange(ref _phase, Begun, Waiting) == Waiting;

    /// <summary>Cancels the command if it still waits.</summary>
    protected bool TryCancel() => Interlocked.CompareExchange(ref _phase, Cancelled, Waiting) == Waiting;

    /// <summary>Does the work and keeps the outcome. Exceptions of the catalogue become the outcome; others are the caller's to see.</summary>
    public abstract void Execute(WriterScope scope, WriterContext context);

    /// <summary>Fails the command without doing its work.</summary>
    public abstract void Fail(Exception error);

    /// <summary>Hands the outcome to whoever waits.</summary>
    public abstract void Complete();
}

/// <summary>A command with an answer.</summary>
/// <typeparam name="TResult">The answer.</typeparam>
internal abstract class WriterCommand<TResult> : WriterCommand
{
    // Continuations run elsewhere: a caller's code must never run on the writer's thread.
    private readonly TaskCompletionSource<TResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TResult _result = default!;
    private Exception? _error;

    /// <summary>The answer, once there is one.</summary>
    public async Task<TResult> WaitAsync(CancellationToken cancellationToken)
    {
        using var registration = cancellationToken.UnsafeRegister(
            static (self, token) =>
            {
                var command = (WriterCommand<TResult>)self!;
                if (command.TryCancel())
                    command._completion.TrySetCanceled(token);
            },
            this);
        return await _completion.Task;
    }

    public sealed override void Execute(WriterScope scope, WriterContext context)
    {
        try
        {
            _result = Run(scope, context);
        }
        catch (ControlPlaneException e)
        {
            _error = e;
        }
        catch (KernelException e)
        {
            _error = KernelErrors.Unforeseen(e);
        }
    }

    public sealed override void Fail(Exception error)
    {
        _error = error;
        Complete();
    }

    public sealed override void Complete()
    {
        if (_error is null)
            _completion.TrySetResult(_result);
        else
            _completion.TrySetException(_error);
    }

    /// <summary>Plans and applies the change, or throws.</summary>
    protected abstract TResult Run(WriterScope scope, WriterContext context);
}
