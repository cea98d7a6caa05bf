namespace ControlPlane.Daemon.Hosting;

/// <summary>Where the daemon is in its life.</summary>
internal sealed class Readiness
{
    private readonly TaskCompletionSource _reconciled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _stopping;

    /// <summary>Ends when the kernel's state has been reconciled; cancelled when that will not come.</summary>
    public Task Reconciled => _reconciled.Task;

    /// <summary>Whether requests are served and writes taken.</summary>
    public bool IsReady => !_stopping && Reconciled.IsCompletedSuccessfully;

    /// <summary><c>starting</c>, <c>ready</c> or <c>stopping</c>.</summary>
    public string Text => _stopping ? "stopping" : IsReady ? "ready" : "starting";

    /// <summary>All is reconciled.</summary>
    public void MarkReady() => _reconciled.TrySetResult();

    /// <summary>The daemon is going.</summary>
    public void MarkStopping()
    {
        _stopping = true;
        _reconciled.TrySetCanceled();
    }
}
