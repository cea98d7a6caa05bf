using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using ControlPlane.Daemon.Hosting;

namespace ControlPlane.Daemon.Cli;

/// <summary>The daemon that runs, by REST over its unix socket.</summary>
internal sealed class RunningDaemon : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _path;
    private readonly HttpClient _http;

    /// <summary>Prepares the connection.</summary>
    /// <exception cref="StartRefusedException">The configuration has no unix socket.</exception>
    public RunningDaemon(Arguments arguments)
    {
        _path = ConfigurationSources.Read(arguments).Listen.UnixSocket;
        if (_path.Length == 0)
            throw new StartRefusedException(ExitCodes.Config, "The configuration has no unix socket (ControlPlane:Listen:UnixSocket).");
        _http = new HttpClient(Connections.HandlerFor(() => new UnixDomainSocketEndPoint(_path))) { BaseAddress = new Uri("http://localhost"), Timeout = Patience };
    }

    /// <summary>Sends a request and returns the answer; null for one without a body.</summary>
    /// <exception cref="StartRefusedException">The daemon refused, or does not answer.</exception>
    public async Task<JsonNode?> SendAsync(HttpMethod method, string path, HttpContent? content = null)
    {
        using var response = await AskAsync(method, path, content);
        var text = await response.Content.ReadAsStringAsync();
        if (response.IsSuccessStatusCode)
            return text.Length == 0 ? null : JsonNode.Parse(text);
        throw new StartRefusedException(ExitCodeOf(response.StatusCode), Lines(text));
    }

    /// <summary>Sends a request and returns the answer, whatever it is.</summary>
    /// <exception cref="StartRefusedException">The daemon does not answer.</exception>
    public async Task<HttpResponseMessage> AskAsync(HttpMethod method, string path, HttpContent? content = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        try
        {
            return await _http.SendAsync(request);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            throw new StartRefusedException(
                ExitCodes.Unavailable, $"No daemon answers at {_path}: {e.InnerException?.Message ?? e.Message}",
                "Start the daemon, or name its socket with --ControlPlane:Listen:UnixSocket=PATH; the user must be allowed to use it.");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static string[] Lines(string problem)
    {
        var read = JsonNode.Parse(problem)!;
        return read["remedy"]?["summary"] is { } remedy ? [$"{read["detail"]}", $"{remedy}"] : [$"{read["detail"]}"];
    }

    private static int ExitCodeOf(HttpStatusCode status) => status switch
    {
        HttpStatusCode.BadRequest or HttpStatusCode.NotFound or HttpStatusCode.Conflict => ExitCodes.Usage,
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => ExitCodes.NoPermission,
        _ => ExitCodes.Unavailable,
    };
}
