using System.Net;
using System.Net.Http.Headers;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.FunctionalTests.Hosting;

/// <summary>Clients that give up in the middle of a request.</summary>
public sealed class ClientGoneTests
{
    private const int Resets = 20;

    [Theory]
    [InlineData("PUT", "/v1/devmaps/default/entries/lo", "application/json")]
    [InlineData("POST", "/devmapd.v1.DevmapService/PutEntry", "application/grpc")]
    public async Task RequestThatItsClientResets_IsNoErrorOfTheDaemon(string method, string path, string type)
    {
        await using var daemon = await DaemonProcess.StartReadyAsync("--simulate", "--Serilog:MinimumLevel:Override:ControlPlane.Daemon.Api=Debug");
        using var http = daemon.ConnectUnix();
        for (var i = 0; i < Resets; i++)
        {
            using var cancellation = new CancellationTokenSource();
            using var content = new UnfinishedContent(type);
            using var request = new HttpRequestMessage(new HttpMethod(method), path)
            {
                Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = content,
            };
            var sending = http.SendAsync(request, cancellation.Token);
            await content.Begun.WaitAsync(TestContext.Deadline());
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        }

        await Eventually.Async(() => daemon.Log.Count(l => l.Contains("\"ClientGone\"", StringComparison.Ordinal)) == Resets, what: "all resets are noticed");
        Assert.DoesNotContain(daemon.Log, l => l.Contains("\"@l\":\"Error\"", StringComparison.Ordinal));
    }

    /// <summary>Content that begins and does not end.</summary>
    private sealed class UnfinishedContent : HttpContent
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public UnfinishedContent(string type) => Headers.ContentType = new MediaTypeHeaderValue(type);

        public Task Begun => _begun.Task;

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await stream.WriteAsync(new byte[] { 0, 0 }, cancellationToken);
            await stream.FlushAsync(cancellationToken);
            _begun.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
