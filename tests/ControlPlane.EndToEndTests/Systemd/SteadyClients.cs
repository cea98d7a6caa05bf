using System.Collections.Concurrent;
using System.Net.Sockets;
using ControlPlane.EndToEndTests.Support;

namespace ControlPlane.EndToEndTests.Systemd;

/// <summary>Clients that connect, ask one question and close, again and again. They count what became of each connection.</summary>
internal sealed class SteadyClients : IAsyncDisposable
{
    private const int Count = 4;
    private static readonly Uri Question = new($"/v1/devmaps/{Testbed.ByInterface}", UriKind.Relative);

    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<string, int> _outcomes = new();
    private readonly SystemdSandbox _sandbox;
    private readonly Task _running;

    public SteadyClients(SystemdSandbox sandbox)
    {
        _sandbox = sandbox;
        _running = Task.WhenAll(Enumerable.Range(0, Count).Select(_ => Task.Run(RunAsync)));
    }

    /// <summary>Connections by their outcome: <c>answered</c>, <c>refused</c> and so on.</summary>
    public IReadOnlyDictionary<string, int> Outcomes => _outcomes;

    /// <summary>The connections that were answered.</summary>
    public int Answered => _outcomes.GetValueOrDefault("answered");

    /// <summary>Ends them.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _running;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            _outcomes.AddOrUpdate(await AskAsync(), 1, (_, count) => count + 1);
            await Task.Delay(5);
        }
    }

    private async Task<string> AskAsync()
    {
        try
        {
            using var http = _sandbox.Connect();
            using var answer = await http.GetAsync(Question);
            return answer.IsSuccessStatusCode ? "answered" : $"{(int)answer.StatusCode}";
        }
        catch (HttpRequestException e) when (e.InnerException is SocketException socket)
        {
            return $"connect: {socket.SocketErrorCode}";
        }
        catch (HttpRequestException e)
        {
            return $"closed: {e.HttpRequestError}";
        }
    }
}
