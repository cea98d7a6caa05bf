using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.Systemd;

/// <summary>A sandbox in which the unit is installed and runs, as a class fixture. A test leaves the unit running.</summary>
public sealed class InstalledUnit : IAsyncLifetime
{
    private SystemdSandbox? _sandbox;

    internal SystemdSandbox Sandbox => _sandbox!;

    public Task InitializeAsync()
    {
        _sandbox = SystemdSandbox.Start();
        _sandbox.Install();
        _sandbox.Systemctl("start", SystemdSandbox.Service);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        if (_sandbox is not null)
            await _sandbox.DisposeAsync();
    }

    /// <summary>Waits until the service runs as another process than before.</summary>
    internal async Task<string> WaitForAnotherAsync(string before)
    {
        await Eventually.Async(
            () => Sandbox.MainPid() is not "0" and var pid && pid != before && Sandbox.Property("ActiveState") == "active", TimeSpan.FromSeconds(60), "the service runs again");
        return Sandbox.MainPid();
    }
}

/// <summary>Questions of the tests to a daemon.</summary>
internal static class Readiness
{
    /// <summary>Asserts that the daemon is ready and warns of nothing.</summary>
    public static async Task AssertReadyAsync(this HttpClient http)
    {
        var answer = await http.GetStringAsync(new Uri("/readyz", UriKind.Relative));
        Assert.StartsWith("{\"status\":\"ready\",\"warnings\":[]", answer, StringComparison.Ordinal);
    }
}
