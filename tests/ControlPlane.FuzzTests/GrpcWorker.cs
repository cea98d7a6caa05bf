using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Google.Rpc;
using Grpc.Core;

namespace ControlPlane.FuzzTests;

/// <summary>Sends random calls, several at once, and judges the statuses.</summary>
internal sealed class GrpcWorker : IFuzzWorker
{
    private const int AtOnce = 64;

    private readonly GrpcInputs _inputs;
    private readonly IAnswerRules _rules;
    private readonly Findings _findings;
    private readonly HttpClient _http;

    public GrpcWorker(EndPoint endpoint, GrpcInputs inputs, IAnswerRules rules, Findings findings)
    {
        (_inputs, _rules, _findings) = (inputs, rules, findings);
        _http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var isUnix = endpoint is UnixDomainSocketEndPoint;
                var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, isUnix ? ProtocolType.Unspecified : ProtocolType.Tcp);
                await socket.ConnectAsync(endpoint, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        {
            BaseAddress = new Uri("http://localhost"), Timeout = TimeSpan.FromSeconds(30),
        };
    }

    /// <inheritdoc/>
    public async Task RunAsync(int inputs)
    {
        for (var sent = 0; sent < inputs; sent += AtOnce)
            await Task.WhenAll(Enumerable.Range(0, Math.Min(AtOnce, inputs - sent)).Select(_ => _inputs.Next()).ToList().Select(AskAsync));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task AskAsync(GrpcInput input)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(input.Method, UriKind.Relative))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(input.Body) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        foreach (var (name, value) in input.Headers)
            request.Headers.TryAddWithoutValidation(name, value);
        try
        {
            using var answer = await _http.SendAsync(request);
            await answer.Content.ReadAsByteArrayAsync();
            Judge(input, answer);
        }
        catch (HttpRequestException) when (input.Headers.Any(h => h.Name == "grpc-timeout"))
        {
            _findings.Count("ended by its deadline");
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            _findings.Add($"no answer: {input.Method}: {e.Message}", Show(input), e.InnerException?.Message ?? "");
        }
    }

    private void Judge(GrpcInput input, HttpResponseMessage answer)
    {
        if (Find(answer, "grpc-status") is not { } status)
        {
            // A path that is no call is answered by REST.
            _findings.Count($"HTTP {(int)answer.StatusCode}");
            if ((int)answer.StatusCode >= 500 || answer.StatusCode == HttpStatusCode.OK)
                _findings.Add($"no status: {input.Method}", Show(input), answer.ToString());
            return;
        }

        var code = (StatusCode)int.Parse(status, CultureInfo.InvariantCulture);
        _findings.Count(code.ToString());
        var text = $"{code} {Uri.UnescapeDataString(Find(answer, "grpc-message") ?? "")}";
        if (code is StatusCode.Unknown or StatusCode.Internal or StatusCode.DataLoss or StatusCode.Unavailable)
            _findings.Add($"{code}: {input.Method}", Show(input), text);
        else if (code is not (StatusCode.OK or StatusCode.DeadlineExceeded or StatusCode.Cancelled or StatusCode.Unimplemented) && !IsFrameworks(input) && Reason(answer) is null)
            _findings.Add($"{code} without a reason: {input.Method}", Show(input), text);
        else if (_rules.ObjectionTo(input, code) is { } objection)
            _findings.Add(objection, Show(input), text);
    }

    // Health answers NOT_FOUND for an unknown service in its own words.
    private static bool IsFrameworks(GrpcInput input) => input.Method.StartsWith("grpc.health", StringComparison.Ordinal);

    private static string? Reason(HttpResponseMessage answer) => Find(answer, "grpc-status-details-bin") is not { } details
        ? null
        : Google.Rpc.Status.Parser.ParseFrom(Convert.FromBase64String(details.PadRight((details.Length + 3) / 4 * 4, '='))).GetDetail<ErrorInfo>()?.Reason;

    private static string? Find(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) || answer.TrailingHeaders.TryGetValues(name, out values) ? values.First() : null;

    private static string Show(GrpcInput input) =>
        $"{input.Method} {string.Join(' ', input.Headers)} {Convert.ToHexStringLower(input.Body.AsSpan(0, Math.Min(input.Body.Length, 400)))}";
}
