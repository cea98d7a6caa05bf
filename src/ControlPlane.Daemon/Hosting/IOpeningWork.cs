namespace ControlPlane.Daemon.Hosting;

/// <summary>Work between the moment that the desired state is known and the moment that requests are served; and again with each reload.</summary>
internal interface IOpeningWork
{
    /// <summary>Does the work. A failure of the work itself is none of the start: it is reported otherwise.</summary>
    Task RunAsync(CancellationToken cancellation);
}
