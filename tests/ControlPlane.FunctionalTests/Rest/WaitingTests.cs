using System.Net;
using ControlPlane.Core.Writing.Loop;
using ControlPlane.Daemon.Hosting;
using ControlPlane.FunctionalTests.Scenarios;
using ControlPlane.TestCommon.Lab;
using Microsoft.Extensions.DependencyInjection;

namespace ControlPlane.FunctionalTests.Rest;

/// <summary>The fate of writes that wait for the writer.</summary>
public sealed class WaitingTests
{
    private const string Body = """{"interface":"veth-b"}""";

    [Fact]
    public async Task Put_FullQueue_IsWriterBusyAndSaysWhenToTryAgain()
    {
        var (daemon, kernel) = await StartHeldAsync(new WriterOptions { QueueCapacity = 1 });
        await using var _ = daemon;
        var waiting = daemon.Client.PutAsync("/v1/devmaps/vlans/entries/2", Body);
        await UntilWaitingAsync(daemon, 1);

        var refused = await daemon.Client.PutAsync("/v1/devmaps/vlans/entries/3", Body);

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.Status);
        Assert.Equal("writer_busy", refused.Code);
        Assert.Equal("1", refused.Headers["Retry-After"]);
        var unread = await daemon.Client.PutAsync("/v1/devmaps/vlans/entries/3", "{");
        Assert.Equal("writer_busy", unread.Code);
        await kernel.ReleaseAsync();
        Assert.Equal(HttpStatusCode.Created, (await waiting).Status);
    }

    [Fact]
    public async Task Put_ClientGoesWhileItWaits_WritesNothing()
    {
        var (daemon, kernel) = await StartHeldAsync(new WriterOptions());
        await using var _ = daemon;
        using var client = new CancellationTokenSource();
        using var body = new StringContent(Body, System.Text.Encoding.UTF8, "application/json");
        var waiting = daemon.Client.PutAsync(new Uri("/v1/devmaps/vlans/entries/2", UriKind.Relative), body, client.Token);
        await UntilWaitingAsync(daemon, 1);

        await client.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Eventually.Async(async () => (await daemon.Client.GetStringAsync("/metrics", TestContext.Deadline()))
            .Contains("""route="/v1/devmaps/{devmap}/entries/{key}",code="499"} 1""", StringComparison.Ordinal));
        await kernel.ReleaseAsync();
        // A write that comes after it in the queue: when it is answered, whatever was to raise has happened.
        Assert.Equal(HttpStatusCode.Created, (await daemon.Client.PutAsync("/v1/devmaps/vlans/entries/3", Body)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await daemon.Client.AskAsync("GET", "/v1/devmaps/vlans/entries/2")).Status);
    }

    private static async Task<(RestDaemon Daemon, BlockingKernel Kernel)> StartHeldAsync(WriterOptions options)
    {
        BlockingKernel? kernel = null;
        var daemon = await RestDaemon.StartAsync(options, app => app.UseWriteAdmission(), k => kernel = new BlockingKernel(k));
        await kernel!.HoldAsync(() => daemon.Client.PutAsync("/v1/programs/held", """{"template":"count"}"""));
        return (daemon, kernel);
    }

    private static Task UntilWaitingAsync(RestDaemon daemon, int commands) =>
        Eventually.Async(() => daemon.Services.GetRequiredService<DevmapWriter>().QueueLength == commands);
}
