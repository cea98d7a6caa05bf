using System.CommandLine;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using ControlPlane.Cli.Running;

namespace ControlPlane.Cli.Commands;

/// <summary>
/// <c>devmapctl ui</c>: the daemon's pages on a loopback port, for as long as the command runs. The unix socket knows who this user is; the
/// browser shows by a cookie that it belongs to this user, so that others on this host cannot use the port.
/// </summary>
internal sealed class UiCommand : CtlCommand
{
    private readonly Option<int> _port = new("--port") { Description = "The port on 127.0.0.1; a free one unless given.", HelpName = "N" };
    private readonly Option<bool> _noBrowser = new("--no-browser") { Description = "Only print the address." };

    public UiCommand()
        : base("ui", "Open Swagger UI in a browser, on a loopback port, for as long as this runs.")
    {
        Add(_port);
        Add(_noBrowser);
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(Call call)
    {
        if (!call.Address.StartsWith("unix:", StringComparison.Ordinal))
            throw CommandFailedException.Usage($"{call.Address} has its own pages: open {call.Address}/swagger. 'devmapctl ui' is for the unix socket.");
        // A socket that does not answer is better said now than in the browser.
        await call.Client.GetHostAsync(call.Cancellation);
        var port = call.Get(_port) is > 0 and var given ? given : FreePort();
        var code = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        using var proxy = new SocketProxy(call.Address["unix:".Length..], port, code);
        var link = $"http://127.0.0.1:{port}/?code={code}";
        call.Out.WriteLine($"Open {link} in a browser of this host. Ctrl-C ends it.");
        call.Out.Flush();
        if (!call.Get(_noBrowser) && call.Terminal.IsTerminal && Environment.GetEnvironmentVariable("DISPLAY") is { Length: > 0 })
            OpenBrowser(link);
        await proxy.RunAsync(call.Cancellation);
        return ExitCodes.Ok;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static void OpenBrowser(string link)
    {
        try
        {
            Process.Start(new ProcessStartInfo("xdg-open", [link]) { RedirectStandardError = true, RedirectStandardOutput = true })?.Dispose();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // The address is printed.
        }
    }
}

/// <summary>Passes requests of one browser on to a unix socket.</summary>
internal sealed class SocketProxy : IDisposable
{
    private const string Cookie = "devmapctl";
    private static readonly HashSet<string> Hop = new(StringComparer.OrdinalIgnoreCase) { "connection", "keep-alive", "transfer-encoding", "host", "cookie", "origin", "sec-fetch-site", "content-length" };
    private readonly HttpListener _listener = new();
    private readonly HttpClient _daemon;
    private readonly string _code;
    private readonly int _port;

    /// <summary>Begins to listen.</summary>
    public SocketProxy(string socket, int port, string code)
    {
        (_code, _port) = (code, port);
        _daemon = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectCallback = async (_, cancellation) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellation);
                return new NetworkStream(connection, ownsSocket: true);
            },
        })
        { BaseAddress = new Uri("http://localhost"), Timeout = Timeout.InfiniteTimeSpan };
        _listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        _listener.Start();
    }

    /// <summary>Serves until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        await using var end = cancellation.Register(_listener.Stop);
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                _ = ServeAsync(await _listener.GetContextAsync(), cancellation);
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _listener.Close();
        _daemon.Dispose();
    }

    private async Task ServeAsync(HttpListenerContext context, CancellationToken cancellation)
    {
        var (request, response) = (context.Request, context.Response);
        try
        {
            if (request.UserHostName != $"127.0.0.1:{_port}" || IsForeign(request))
                await RefuseAsync(response);
            else if (IsCode(request.QueryString["code"]))
                Enter(response);
            else if (!IsCode(request.Cookies[$"{Cookie}{_port}"]?.Value))
                await RefuseAsync(response);
            else
                await PassAsync(request, response, cancellation);
        }
        catch (Exception e) when (e is HttpRequestException or HttpListenerException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The browser or the daemon has ended the connection.
        }
        finally
        {
            response.Abort();
        }
    }

    // A page of another origin must not act as this user.
    private bool IsForeign(HttpListenerRequest request) =>
        request.Headers["Origin"] is { } origin && origin != $"http://127.0.0.1:{_port}";

    private bool IsCode(string? text) => text is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(text), Encoding.UTF8.GetBytes(_code));

    private void Enter(HttpListenerResponse response)
    {
        response.Headers["Set-Cookie"] = $"{Cookie}{_port}={_code}; Path=/; HttpOnly; SameSite=Strict";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Redirect("/swagger/index.html");
        response.Close();
    }

    private static async Task RefuseAsync(HttpListenerResponse response)
    {
        response.StatusCode = 403;
        await response.OutputStream.WriteAsync("Open the link that devmapctl ui has printed.\n"u8.ToArray());
        response.Close();
    }

    private async Task PassAsync(HttpListenerRequest request, HttpListenerResponse response, CancellationToken cancellation)
    {
        using var message = new HttpRequestMessage(new HttpMethod(request.HttpMethod), request.RawUrl);
        if (request.HasEntityBody)
        {
            message.Content = new StreamContent(request.InputStream);
            if (request.ContentType is { } type)
                message.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        foreach (var name in request.Headers.AllKeys.OfType<string>().Where(name => !Hop.Contains(name)))
            message.Headers.TryAddWithoutValidation(name, request.Headers[name]);
        using var answer = await _daemon.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellation);
        response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers).Where(h => !Hop.Contains(h.Key)))
            response.Headers[name] = string.Join(", ", values);
        response.SendChunked = true;
        await using var body = await answer.Content.ReadAsStreamAsync(cancellation);
        var buffer = new byte[16384];
        for (int count; (count = await body.ReadAsync(buffer, cancellation)) > 0;)
        {
            await response.OutputStream.WriteAsync(buffer.AsMemory(0, count), cancellation);
            await response.OutputStream.FlushAsync(cancellation);
        }

        response.Close();
    }
}
