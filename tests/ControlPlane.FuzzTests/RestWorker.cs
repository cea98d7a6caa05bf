using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ControlPlane.FuzzTests;

/// <summary>Sends random HTTP requests, several at once, and judges the answers.</summary>
internal sealed class RestWorker(EndPoint endpoint, RestInputs inputs, IAnswerRules rules, Findings findings) : IFuzzWorker
{
    private const int AtOnce = 32;

    private Socket? _socket;
    private HttpAnswers? _answers;

    /// <inheritdoc/>
    public async Task RunAsync(int count)
    {
        for (var sent = 0; sent < count; sent += AtOnce)
        {
            var requests = Enumerable.Range(0, Math.Min(AtOnce, count - sent)).Select(_ => inputs.Next()).ToList();
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
    private async Task<int> ExchangeAsync(List<RestInput> requests)
    {
        if (_socket is null)
        {
            var isUnix = endpoint is UnixDomainSocketEndPoint;
            _socket = new Socket(endpoint.AddressFamily, SocketType.Stream, isUnix ? ProtocolType.Unspecified : ProtocolType.Tcp) { ReceiveTimeout = 30_000, SendTimeout = 30_000 };
            await _socket.ConnectAsync(endpoint);
            _answers = new HttpAnswers(_socket);
        }

        var sending = SendAsync(_socket, [.. requests.Select(r => new ArraySegment<byte>(r.Bytes))]);
        var answered = 0;
        try
        {
            foreach (var request in requests)
            {
                var answer = _answers!.Next(request.Method);
                Judge(request, answer);
                answered++;
                if (!answer.IsLast)
                    continue;
                Close();
                break;
            }
        }
        catch (Exception e) when (e is SocketException or FormatException or EndOfStreamException or IndexOutOfRangeException)
        {
            findings.Add($"no answer: {e.Message}", Damage.Readable(requests[answered].Bytes), "");
            Close();
            answered++;
        }

        await sending;
        return answered;
    }

    private static async Task SendAsync(Socket socket, List<ArraySegment<byte>> requests)
    {
        try
        {
            await socket.SendAsync(requests);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The server has closed the connection after an answer that says so.
        }
    }

    private void Close()
    {
        _socket?.Dispose();
        (_socket, _answers) = (null, null);
    }

    private void Judge(RestInput request, HttpAnswer answer)
    {
        findings.Count(answer.Status.ToString(CultureInfo.InvariantCulture));
        var isProblem = answer.Header("content-type").StartsWith("application/problem+json", StringComparison.Ordinal);
        var isReadable = answer.Body.Length > 0 && answer.Header("content-encoding").Length == 0;
        var code = isProblem && isReadable ? CodeOf(answer.Body) : null;
        if (answer.Status >= 500 && answer.Status is not (501 or 507))
            Add($"status {answer.Status} {code}");
        // The server itself refuses what is not HTTP, before it has a request, and closes the connection.
        else if (answer.Status >= 400 && !isProblem && answer.Body.Length == 0 && request.Method != "HEAD" && !answer.IsLast)
            Add($"status {answer.Status} without a problem");
        else if (isProblem && isReadable && string.IsNullOrEmpty(code))
            Add($"status {answer.Status} without a code");
        else if (rules.ObjectionTo(request, answer, code) is { } objection)
            Add(objection);

        void Add(string kind) => findings.Add(kind, Damage.Readable(request.Bytes), $"{answer.Status} {answer.Header("content-type")}\n{Damage.Readable(answer.Body)}");
    }

    private static string? CodeOf(byte[] problem)
    {
        try
        {
            return JsonNode.Parse(problem)?["code"]?.GetValue<string>();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
