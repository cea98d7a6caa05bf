using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Core.Writing;

/// <summary>
/// One piece of work for the writer: planned, made durable with the rest of its batch, applied, answered. A command that is
/// cancelled while it waits is skipped; once begun it finishes and answers with what happened.
/// </summary>
internal abstract class WriterCommand
{
    private const int Waiting = 0, Begun = 1, Cancelled = 2;
    private int _phase = Waiting;

    /// <summary>The request that the command carries out. Set before the command is in the queue.</summary>
    public RequestContext Request { get; set; } = RequestContext.OfDaemon();

    /// <summary>Takes the command out of the waiting; false when it was cancelled before.</summary>
    public bool TryBegin() => Interlocked.CompareExchange(ref _phase, Begun, Waiting) == Waiting;

    /// <summary>Cancels the command if it still waits.</summary>
    protected bool TryCancel() => Interlocked.CompareExchange(ref _phase, Cancelled, Waiting) == Waiting;

    /// <summary>Plans the command against the published state and adds it to the batch, if it fits.</summary>
    /// <returns>False when it does not fit: the batch must be flushed first.</returns>
    /// <exception cref="ControlPlaneException">The command fails as things stand.</exception>
    /// <exception cref="KernelException">The kernel refused to be asked.</exception>
    public abstract bool TryPlan(WriterContext context, Batch batch);

    /// <summary>Applies the plan and keeps the outcome; gives what sets the store back when the kernel refused.</summary>
    public abstract IReadOnlyList<StoreChange> Apply(WriterScope scope, WriterContext context);

    /// <summary>Fails the command, and answers.</summary>
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
    private Plan<TResult>? _plan;
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

    public sealed override bool TryPlan(WriterContext context, Batch batch)
    {
        var plan = Plan(context);
        if (!batch.Fits(plan.Footprint))
            return false;
        _plan = plan;
        batch.Add(this, plan.Footprint, plan.Store);
        return true;
    }

    public sealed override IReadOnlyList<StoreChange> Apply(WriterScope scope, WriterContext context)
    {
        try
        {
            _result = _plan!.Apply(scope, context);
            return [];
        }
        catch (ControlPlaneException e)
        {
            _error = e;
        }
        catch (KernelException e)
        {
            _error = KernelErrors.Unforeseen(e);
        }

        return _plan!.Revert;
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

    /// <summary>Decides what to do; changes nothing.</summary>
    protected abstract Plan<TResult> Plan(WriterContext context);
}
