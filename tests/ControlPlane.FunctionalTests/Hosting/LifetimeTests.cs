using System.Net;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Writing.Loop;
using ControlPlane.Daemon.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ControlPlane.FunctionalTests.Hosting;

public sealed class LifetimeTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Ready_OnlyAfterReconciliation_AliveBefore()
    {
        GatedKernel? gate = null;
        await using var daemon = TestDaemon.Build(kernel => gate = new GatedKernel(kernel).Close());
        var started = daemon.App.StartAsync();
        while (gate is null)
            await Task.Yield();
        await gate.Reached.WaitAsync(Deadline);
        using var client = new HttpClient { BaseAddress = daemon.Rest };

        using var alive = await client.GetAsync(new Uri("/healthz", UriKind.Relative));
        using var early = await client.GetAsync(new Uri("/readyz", UriKind.Relative));
        var waiting = client.GetAsync(new Uri("/nothing/here", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, alive.StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, early.StatusCode);
        Assert.Equal(
            """{"status":"starting","warnings":[],"parts":{"store":"ok","writer":"ok","kernel":"ok","pins":"ok","listeners":"ok"}}""" + "\n",
            await early.Content.ReadAsStringAsync());
        Assert.False(waiting.IsCompleted);
        Assert.False(started.IsCompleted);

        gate.Open();
        await started.WaitAsync(Deadline);
        using var ready = await client.GetAsync(new Uri("/readyz", UriKind.Relative));
        using var answered = await waiting.WaitAsync(Deadline);
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, answered.StatusCode);
    }

    [Fact]
    public async Task Requests_AreAnsweredWhenTheDesiredStateIsKnown_BeforeTheKernelFollows()
    {
        GatedKernel? gate = null;
        await using var daemon = TestDaemon.Build(kernel => gate = new GatedKernel(kernel));
        var writer = daemon.App.Services.GetRequiredService<DevmapWriter>();
        gate!.ClosesWhen = () => writer.Opened.IsCompleted;
        var started = daemon.App.StartAsync();
        await gate.Reached.WaitAsync(Deadline);
        using var client = new HttpClient { BaseAddress = daemon.Rest };

        using var answered = await client.GetAsync(new Uri("/nothing/here", UriKind.Relative));
        using var early = await client.GetAsync(new Uri("/readyz", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, answered.StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, early.StatusCode);
        Assert.Contains("\"status\":\"starting\"", await early.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.False(started.IsCompleted);

        gate.Open();
        await started.WaitAsync(Deadline);
        using var ready = await client.GetAsync(new Uri("/readyz", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
    }

    [Fact]
    public async Task Stop_DrainsWhatWaits_RefusesWhatComes_AndIsNotReady()
    {
        GatedKernel? gate = null;
        await using var daemon = TestDaemon.Build(kernel => gate = new GatedKernel(kernel));
        await daemon.App.StartAsync();
        using var client = new HttpClient { BaseAddress = daemon.Rest };
        var entries = daemon.App.Services.GetRequiredService<EntryService>();

        gate!.Close();
        var waiting = Enumerable.Range(1, 20).Select(key => PutAsync(entries, key)).ToList();
        await gate.Reached.WaitAsync(Deadline);
        var stopped = daemon.App.StopAsync();
        var refused = await Assert.ThrowsAsync<ControlPlaneException>(() => PutAsync(entries, 21));
        using var unready = await client.GetAsync(new Uri("/readyz", UriKind.Relative));
        gate.Open();
        await stopped.WaitAsync(Deadline);

        Assert.Equal(ErrorCode.ShuttingDown, refused.Error.Code);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, unready.StatusCode);
        Assert.All(await Task.WhenAll(waiting), outcome => Assert.True(outcome.Created));
    }

    [Fact]
    public async Task WriterDies_DaemonStopsWithAFailure()
    {
        GatedKernel? gate = null;
        await using var daemon = TestDaemon.Build(kernel => gate = new GatedKernel(kernel));
        await daemon.App.StartAsync();

        await PutAsync(daemon.App.Services.GetRequiredService<EntryService>(), 1);
        gate!.Break();
        daemon.Host.RemoveInterface("sim1");
        await daemon.App.WaitForShutdownAsync().WaitAsync(Deadline);

        Assert.Equal(ExitCodes.Software, daemon.App.Services.GetRequiredService<ExitStatus>().Code);
    }

    private static async Task<PutOutcome<Entry>> PutAsync(EntryService entries, int key) =>
        await entries.PutAsync("default", $"{1000 + key}", new EntrySpec("sim1"), new Violations(), default, CancellationToken.None);
}
