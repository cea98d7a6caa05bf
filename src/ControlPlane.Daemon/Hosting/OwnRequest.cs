using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace ControlPlane.Daemon.Hosting;

/// <summary>
/// A request of the daemon to itself, over one of its own listeners. It keeps its connection: a daemon with as many connections as it takes must
/// still answer it.
/// </summary>
internal sealed class OwnRequest : IDisposable
{
    private readonly IServer _server;
    private readonly EndPoint? _endpoint;
    private readonly HttpClient _http;

    /// <summary>Prefers the unix socket, which needs neither an address nor TLS.</summary>
    public OwnRequest(HostClaims claims, IServer server)
    {
        _server = server;
        var endpoints = claims.Listeners.Where(listener => !listener.IsSecure).Select(listener => listener.Socket.LocalEndPoint!).ToList();
        _endpoint = endpoints.OfType<UnixDomainSocketEndPoint>().FirstOrDefault() ?? endpoints.FirstOrDefault();
        _http = new HttpClient(Connections.HandlerFor(() => _endpoint!))
        {
            BaseAddress = new Uri("http://localhost"), DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
    }

    /// <summary>Asks; returns the problem, or null if an answer came in time.</summary>
    public async Task<string?> AskAsync(TimeSpan patience, CancellationToken cancellation)
    {
        if (_endpoint is null || _server.Features.Get<IServerAddressesFeature>() is not { Addresses.Count: > 0 })
            return null; // A server in memory, in a test.
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(patience);
        try
        {
            using var answer = await _http.GetAsync(new Uri("/healthz", UriKind.Relative), deadline.Token);
            return answer.IsSuccessStatusCode ? null : $"A request to {_endpoint} was answered with {(int)answer.StatusCode}.";
        }
        catch (OperationCanceledException)
        {
            return $"A request to {_endpoint} was not answered for {patience.TotalSeconds:0.#} s.";
        }
        catch (HttpRequestException e)
        {
            return $"A request to {_endpoint} failed: {e.Message}";
        }
    }

    /// <summary>Returns the problem if somebody removed the unix socket, which nobody can connect to then.</summary>
    public string? FindMissingSocket() =>
        _endpoint is UnixDomainSocketEndPoint && _endpoint.ToString() is { } path && path.StartsWith('/') && !File.Exists(path)
            ? $"The unix socket {path} was removed: nobody can connect to it until the daemon is started again."
            : null;

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();
}
