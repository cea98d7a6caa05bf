namespace ControlPlane.TestCommon.Lab;

/// <summary>
/// Actions that must be undone, last first. Everything is tried; failures are thrown together at the end. Safe on any thread
/// and to dispose twice (from an interrupt and from the end of the program).
/// </summary>
public sealed class UndoStack : IAsyncDisposable
{
    private readonly Stack<Func<ValueTask>> _steps = new();

    /// <summary>Disposes of it later.</summary>
    /// <returns>The same object.</returns>
    public T Add<T>(T disposable)
        where T : notnull
    {
        Push(disposable switch
        {
            IAsyncDisposable later => later.DisposeAsync,
            IDisposable now => () => Now(now.Dispose),
            _ => throw new ArgumentException($"{typeof(T)} is not disposable", nameof(disposable)),
        });
        return disposable;
    }

    /// <summary>Calls this later.</summary>
    public void Add(Action undo) => Push(() => Now(undo));

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        var failures = new List<Exception>();
        while (TryPop() is { } undo)
        {
            try
            {
                await undo();
            }
#pragma warning disable CA1031 // the others must still be undone
            catch (Exception failure)
#pragma warning restore CA1031
            {
                failures.Add(failure);
            }
        }

        if (failures.Count > 0)
            throw new AggregateException("not everything could be undone", failures);
    }

    private static ValueTask Now(Action undo)
    {
        undo();
        return ValueTask.CompletedTask;
    }

    private void Push(Func<ValueTask> undo)
    {
        lock (_steps)
            _steps.Push(undo);
    }

    private Func<ValueTask>? TryPop()
    {
        lock (_steps)
            return _steps.TryPop(out var undo) ? undo : null;
    }
}
