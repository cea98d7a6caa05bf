using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace ControlPlane.FuzzTests;

/// <summary>Sends random HTTP requests over the unix socket, several at once, and judges the answers.</summary>
internal sealed class RestWorker(string socketPath, RestInputs inputs, Findings findings) : IFuzzWorker
{
    private const int AtOnce = 16;

    private Socket? _socket;
    private BufferedStream? _stream;

    /// <inheritdoc/>
    public async Task RunAsync(int count)
    {
        for (var sent = 0; sent < count; sent += AtOnce)
        {
            var requests = Enumerable.Range(0, AtOnce).Select(_ => inputs.Next()).ToList();
            while (requests.Count > 0)
                requests.RemoveRange(0, await ExchangeAsync(requests));
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }

    /// <summary>Sends requests over one connection; returns how many were answered. A server may close the connection after an answer.</summary>
    private async Task<int> ExchangeAsync(List<(string Method, byte[] Bytes)> requests)
    {
        if (_stream is null)
        {
            _socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 30_000, SendTimeout = 30_000 };
            await _socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath));
            _stream = new BufferedStream(new NetworkStream(_socket, ownsSocket: true), 65536);
        }

        var sending = SendAsync(_socket!, [.. requests.SelectMany(r => r.Bytes)]);
        var answered = 0;
        try
        {
            foreach (var (method, bytes) in requests)
            {
                var (status, headers, body) = Read(_stream, method);
                Judge(bytes, status, headers, body);
                answered++;
                if (headers.GetValueOrDefault("connection") == "close")
                {
                    Close();
                    break;
                }
            }
        }
        catch (Exception e) when (e is IOException or FormatException or EndOfStreamException or IndexOutOfRangeException)
        {
            findings.Add($"no answer: {e.Message}", Damage.Readable(requests[answered].Bytes), "");
            Close();
            answered++;
        }

        await sending;
        return answered;
    }

    private static async Task SendAsync(Socket socket, byte[] bytes)
    {
        try
        {
            await socket.SendAsync(bytes);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The server has closed the connection after an answer that says so.
        }
    }

    private void Close()
    {
        _socket?.Dispose();
        (_socket, _stream) = (null, null);
    }

    private void Judge(byte[] request, int status, Dictionary<string, string> headers, byte[] body)
    {
        findings.Count(status.ToString(CultureInfo.InvariantCulture));
        var type = headers.GetValueOrDefault("content-type", "");
        var isProblem = type.StartsWith("application/problem+json", StringComparison.Ordinal);
        var code = isProblem && !headers.ContainsKey("content-encoding") && body.Length > 0 ? JsonNode.Parse(body)?["code"]?.GetValue<string>() : null;
        if (status >= 500 && status is not (501 or 507))
            findings.Add($"status {status} {code}", Damage.Readable(request), Damage.Readable(body));
        // The server itself refuses what is not HTTP, before it has a request, and closes the connection.
        else if (status >= 400 && !isProblem && body.Length == 0 && !request.AsSpan().StartsWith("HEAD"u8) && headers.GetValueOrDefault("connection") != "close")
            findings.Add($"status {status} without a problem", Damage.Readable(request), type);
        else if (isProblem && body.Length > 0 && !headers.ContainsKey("content-encoding") && string.IsNullOrEmpty(code))
            findings.Add($"status {status} without a code", Damage.Readable(request), Damage.Readable(body));
    }

    private static (int Status, Dictionary<string, string> Headers, byte[] Body) Read(Stream stream, string method)
    {
        var status = int.Parse(Line(stream).Split(' ')[1], CultureInfo.InvariantCulture);
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        for (string line; (line = Line(stream)).Length > 0;)
            headers[line.Split(':')[0]] = line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        if (status == 100)
            return Read(stream, method);
        var body = method == "HEAD" || status is 204 or 304 ? []
            : headers.GetValueOrDefault("transfer-encoding") == "chunked" ? Chunks(stream)
            : Bytes(stream, int.Parse(headers.GetValueOrDefault("content-length", "0"), CultureInfo.InvariantCulture));
        return (status, headers, body);
    }

    private static byte[] Chunks(Stream stream)
    {
        var body = new List<byte>();
        while (true)
        {
            var length = int.Parse(Line(stream), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            body.AddRange(Bytes(stream, length));
            Line(stream);
            if (length == 0)
                return [.. body];
        }
    }

    private static byte[] Bytes(Stream stream, int length)
    {
        var bytes = new byte[length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static string Line(Stream stream)
    {
        var line = new StringBuilder();
        while (true)
        {
            var next = stream.ReadByte();
            if (next < 0)
                throw new EndOfStreamException("the connection ended");
            if (next == '\n')
                return line.ToString().TrimEnd('\r');
            line.Append((char)next);
        }
    }
}
