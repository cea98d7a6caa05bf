namespace ControlPlane.EndToEndTests.Support;

/// <summary>
/// One daemon for the tests of a class, as a class fixture. It starts with the first test that uses it. Each test gets its testbed
/// without interfaces and resources, and disposes of the testbed, which removes what the test has made.
/// </summary>
/// <remarks>
/// For tests that neither end nor restart the daemon and need no arguments of it. Counters of devmaps and the log go on from test to test.
/// </remarks>
public sealed class SharedDaemon : IAsyncLifetime
{
    private Testbed? _testbed;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_testbed is not null)
            await _testbed.EndAsync();
    }

    /// <summary>Returns the testbed for one test. A daemon that an earlier test left in disorder is replaced.</summary>
    internal async Task<Testbed> UseAsync()
    {
        if (_testbed is { IsClean: false })
        {
            var old = _testbed;
            _testbed = null;
            await old.EndAsync();
        }

        _testbed ??= await Testbed.StartSharedAsync();
        _testbed.Begin();
        return _testbed;
    }
}
