using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Commands;

/// <summary>
/// One piece of work for the writer: planned, made durable with the rest of its batch, applied, answered. A command that is
/// cancelled while it waits is skipped. Once begun it finishes and answers with what happened.
/// </summary>
internal abstract class WriterCommand
{
    private const int Waiting = 0, Begun = 1, Cancelled = 2;
    private static readonly RequestContext _ofDaemon = RequestContext.OfDaemon();
    private int _phase = Waiting;

    /// <summary>The request that the command carries out. Set before the command is in the queue.</summary>
    public RequestContext Request { get; set; } = _ofDaemon;

    /// <summary>The change of desired state that the command makes, in words; null if it makes none. Known once the command has been planned.</summary>
    public virtual string? Change => null;

    /// <summary>The revision of the change; null until the change is durable and in the kernel, and if nothing has changed.</summary>
    public long? ChangedRevision { get; set; }

    /// <summary>Whether the command may write to a devmap with a table that waits for its confirmation: it belongs to that table.</summary>
    public bool IsOfPendingTable { get; init; }

    /// <summary>Why the command takes an earlier change back, for the history; null if it does not.</summary>
    public string? TakesBack { get; init; }

    /// <summary>How many resources the command writes: how much it counts among those of a turn.</summary>
    public virtual int Weight => 1;

    /// <summary>Begins the command; false if it was cancelled before.</summary>
    public bool TryBegin() => Interlocked.CompareExchange(ref _phase, Begun, Waiting) == Waiting;

    /// <summary>Cancels the command if it still waits.</summary>
    protected bool TryCancel() => Interlocked.CompareExchange(ref _phase, Cancelled, Waiting) == Waiting;

    /// <summary>Whether the command must wait until sliced work of another command has ended.</summary>
    /// <exception cref="KernelException">The kernel refused to be asked.</exception>
    public virtual bool MustWait(PlanContext context) => false;

    /// <summary>Decides what to do, from the state before the batch; null if there is nothing to do or to answer. Changes nothing.</summary>
    /// <exception cref="ControlPlaneException">The command fails as things stand.</exception>
    /// <exception cref="KernelException">The kernel refused to be asked.</exception>
    public abstract WritePlan? Plan(PlanContext context);

    /// <summary>Keeps the answer, made from what became of the plan.</summary>
    public abstract void Conclude(PlanContext context, Outcome outcome);

    /// <summary>Keeps the error, for the answer.</summary>
    public abstract void Refuse(Exception error);

    /// <summary>Gives the answer to the caller.</summary>
    public abstract void Complete();

    /// <summary>Fails the command, and answers.</summary>
    public void Fail(Exception error)
    {
        Refuse(error);
        Complete();
    }
}

/// <summary>A command that deletes entries and attachments which end together: see <see cref="Ending"/>.</summary>
internal interface IEndCommand;

/// <summary>A command that deletes entries and attachments which end together, with an answer.</summary>
/// <typeparam name="TResult">The answer.</typeparam>
internal abstract class EndCommand<TResult> : WriterCommand<TResult>, IEndCommand;

/// <summary>A command with an answer.</summary>
/// <typeparam name="TResult">The answer.</typeparam>
internal abstract class WriterCommand<TResult> : WriterCommand
{
    // Continuations run elsewhere: a caller's code must never run on the writer's thread.
    private readonly TaskCompletionSource<TResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TResult _result = default!;
    private Exception? _error;

    /// <summary>Returns the answer, once there is one.</summary>
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

    /// <inheritdoc/>
    public sealed override void Conclude(PlanContext context, Outcome outcome) => _result = Answer(context, outcome);

    /// <inheritdoc/>
    public sealed override void Refuse(Exception error) => _error = error;

    /// <inheritdoc/>
    public sealed override void Complete()
    {
        if (_error is null)
            _completion.TrySetResult(_result);
        else
            _completion.TrySetException(_error);
    }

    /// <summary>Returns the answer.</summary>
    protected abstract TResult Answer(PlanContext context, Outcome outcome);
}
