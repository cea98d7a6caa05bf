using System.Net;
using Microsoft.AspNetCore.Connections;

namespace ControlPlane.Daemon.Hosting;

/// <summary>An endpoint that nobody can connect to. Kestrel builds a pipeline for it, which <see cref="Http2Pipeline"/> uses.</summary>
internal sealed class IdleEndPoint : EndPoint
{
    /// <summary>The only one.</summary>
    public static IdleEndPoint Instance { get; } = new();

    /// <inheritdoc/>
    public override string ToString() => "idle";
}

/// <summary>Gives Kestrel a listener that never accepts, for the <see cref="IdleEndPoint"/>.</summary>
internal sealed class IdleListenerFactory : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    /// <inheritdoc/>
    public bool CanBind(EndPoint endpoint) => endpoint is IdleEndPoint;

    /// <inheritdoc/>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) => new(new IdleListener());

    private sealed class IdleListener : IConnectionListener
    {
        private readonly TaskCompletionSource<ConnectionContext?> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public EndPoint EndPoint => IdleEndPoint.Instance;

        public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) => new(_end.Task.WaitAsync(cancellationToken));

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            _end.TrySetResult(null);
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}

/// <summary>Registers the listener of the <see cref="IdleEndPoint"/>.</summary>
internal static class IdleEndPointSetup
{
    /// <summary>Adds it.</summary>
    public static IServiceCollection AddIdleEndpoint(this IServiceCollection services) => services.AddSingleton<IConnectionListenerFactory, IdleListenerFactory>();
}
