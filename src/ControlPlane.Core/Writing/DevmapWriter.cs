using ControlPlane.Core.Devmaps;

namespace ControlPlane.Core.Writing;

/// <summary>The one writer: a bounded channel and a dedicated thread that alone changes the kernel.</summary>
public sealed class DevmapWriter
{
    /// <summary>Opens the devmaps, adopts what is pinned, and begins to take commands. Returns when all is reconciled.</summary>
    public Task StartAsync(IReadOnlyList<DevmapDefinition> devmaps, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Refuses new commands, drains what waits until <paramref name="drainTimeout"/>, fails the rest with <c>shutting_down</c>.</summary>
    public Task StopAsync(TimeSpan drainTimeout) => throw new NotImplementedException();

    /// <summary>Ends when the loop has ended; faulted when it died of an exception, upon which the host must stop.</summary>
    public Task Completion => throw new NotImplementedException();

    /// <summary>Commands that wait now.</summary>
    public int QueueLength => throw new NotImplementedException();
}
