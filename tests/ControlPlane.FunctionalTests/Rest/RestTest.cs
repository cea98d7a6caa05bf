namespace ControlPlane.FunctionalTests.Rest;

/// <summary>A test that asks one daemon of its own.</summary>
public abstract class RestTest : IAsyncLifetime
{
    private protected RestDaemon Daemon { get; private set; } = null!;

    private protected HttpClient Client => Daemon.Client;

    public async Task InitializeAsync() => Daemon = await RestDaemon.StartAsync();

    public Task DisposeAsync() => Daemon.DisposeAsync().AsTask();
}
