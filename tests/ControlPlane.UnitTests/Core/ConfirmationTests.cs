using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Simulation;
using ControlPlane.Storage;
using ControlPlane.TestCommon.Lab;
using Microsoft.Extensions.Time.Testing;

namespace ControlPlane.UnitTests.Core;

/// <summary>Tables that wait for their confirmation, on the simulated kernel, whose timer is that of the tests.</summary>
public sealed class ConfirmationTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly SimulatedHost _host = SimulatedHost.WithInterfaces();
    private readonly MemoryStore _store = new();

    public ConfirmationTests() => _host.Time = _time;

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task NobodyConfirms_EntriesAreAsBefore_AndTheHistorySaysWhy()
    {
        await using var core = await StartAsync();
        var written = await WriteAsync(core);
        Assert.Equal((ConfirmationPhase.Pending, _time.GetUtcNow() + Timeout), (written.Confirmation!.Phase, written.Confirmation.Deadline));
        Assert.Equal(["2 sim1", "3 sim1"], Described(core));

        await PassAsync(core);

        Assert.Equal(["1 sim0", "2 sim0"], Described(core));
        Assert.Equal(2, core.Host.Devmaps["vlans"].Count);
        var changes = core.Changes.List(new ChangeQuery(), RequestContext.OfDaemon()).Changes.Where(c => c.TakesBack is not null).ToList();
        Assert.Equal(3, changes.Count);
        Assert.All(changes, c => Assert.Equal("The table was taken back, because nobody confirmed it in time.", c.TakesBack));
        await core.PutAsync("vlans", "9", "sim0");
    }

    [Fact]
    public async Task Confirmed_Stays()
    {
        await using var core = await StartAsync();
        await WriteAsync(core);
        Assert.Equal(ConfirmationPhase.Confirmed, (await core.Confirmations.ConfirmAsync("vlans", RequestContext.OfDaemon())).Phase);
        _time.Advance(Timeout);
        Assert.Equal(["2 sim1", "3 sim1"], Described(core));
        Assert.Equal(2, core.Host.Devmaps["vlans"].Count);
        await core.PutAsync("vlans", "9", "sim0");
        var again = await CoreFixture.FailsAsync(() => core.Confirmations.ConfirmAsync("vlans", RequestContext.OfDaemon()));
        Assert.Equal((ErrorCode.ConfirmationNotFound, true), (again.Code, again.Detail.Contains("confirmed", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Cancelled_IsAsBefore()
    {
        await using var core = await StartAsync();
        await WriteAsync(core);
        Assert.Equal(ConfirmationPhase.Cancelled, (await core.Confirmations.CancelAsync("vlans", RequestContext.OfDaemon())).Phase);
        Assert.Equal(["1 sim0", "2 sim0"], Described(core));
    }

    [Fact]
    public async Task Pending_OtherWritesOfTheDevmapAreRefused()
    {
        await using var core = await StartAsync();
        await WriteAsync(core);
        foreach (var write in new Func<Task>[]
        {
            () => core.PutAsync("vlans", "9", "sim0"),
            () => core.Entries.DeleteAsync("vlans", "2", null, true, RequestContext.OfDaemon()),
            () => core.ReplaceAsync("vlans", []),
            () => WriteAsync(core),
            () => core.ApplyAsync(BatchMode.Atomic, new BatchItem(new BatchPut("vlans", "9", new EntrySpec("sim0"), null), null)),
        })
        {
            var error = await CoreFixture.FailsAsync(write);
            Assert.Equal((ErrorCode.ConfirmationPending, Timeout), (error.Code, error.RetryAfter));
        }

        await core.PutAsync("addresses", "10.0.0.7", "sim0");
        await core.ReplaceAsync("vlans", [Entry("5", "sim0")], new ReplaceOptions(DryRun: true));
    }

    [Fact]
    public async Task TableThatChangesNothing_WaitsForNothing()
    {
        await using var core = await StartAsync();
        var same = await core.ReplaceAsync("vlans", [Entry("1", "sim0"), Entry("2", "sim0")], new ReplaceOptions(Confirm: Timeout));
        Assert.Equal((2, null), (same.Unchanged, same.Confirmation));
        await core.PutAsync("vlans", "9", "sim0");
    }

    [Fact]
    public async Task DaemonThatEnds_LeavesATableThatTheNextOneTakesBack()
    {
        await using (var core = await StartAsync())
            await WriteAsync(core);
        await using var next = await CoreFixture.StartAsync(_host, store: _store, time: _time);
        Assert.Equal(["1 sim0", "2 sim0"], Described(next));
        Assert.Equal(2, next.Host.Devmaps["vlans"].Count);
        await next.PutAsync("vlans", "9", "sim0");
    }

    [Fact]
    public async Task InterfaceThatComesBack_IsInTheTableBeforeToo()
    {
        await using var core = await StartAsync();
        await WriteAsync(core);
        _host.RemoveInterface("sim0");
        _host.AddInterface("sim0");
        await Eventually.Async(() => _host.Devmaps["vlans"].Other!.Count == 2);
        await core.Confirmations.CancelAsync("vlans", RequestContext.OfDaemon());
        Assert.Equal(2, _host.Devmaps["vlans"].Count);
    }

    [Theory]
    [InlineData(0.5, null, false, "confirm")]
    [InlineData(3601.0, null, false, "confirm")]
    [InlineData(60.0, 0L, false, "revertAfterDrops")]
    [InlineData(null, 5L, false, "revertAfterDrops")]
    [InlineData(60.0, null, true, "confirm")]
    public async Task Options_AreChecked(double? seconds, long? drops, bool dry, string field)
    {
        await using var core = await StartAsync();
        var options = new ReplaceOptions(Confirm: seconds is { } s ? TimeSpan.FromSeconds(s) : null, RevertAfterDrops: drops, DryRun: dry);
        Assert.Equal(field, Assert.Single((await CoreFixture.FailsAsync(() => core.ReplaceAsync("vlans", [], options))).Fields).Field);
    }

    [Fact]
    public async Task Drops_AreNotSimulated()
    {
        await using var core = await StartAsync();
        Assert.Equal(ErrorCode.NotSupported, (await CoreFixture.FailsAsync(() => core.ReplaceAsync("vlans", [], new ReplaceOptions(Confirm: Timeout, RevertAfterDrops: 5)))).Code);
    }

    private async Task<CoreFixture> StartAsync()
    {
        var core = await CoreFixture.StartAsync(_host, store: _store, time: _time);
        await core.PutAsync("vlans", "1", "sim0");
        await core.PutAsync("vlans", "2", "sim0");
        return core;
    }

    private static Task<ReplaceOutcome> WriteAsync(CoreFixture core) =>
        core.ReplaceAsync("vlans", [Entry("2", "sim1"), Entry("3", "sim1")], new ReplaceOptions(Confirm: Timeout));

    private async Task PassAsync(CoreFixture core)
    {
        _time.Advance(Timeout);
        await Eventually.Async(() =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            return !core.State.Pending.All.Any();
        });
    }

    private static DesiredEntry Entry(string key, string target) => new(key, new EntrySpec(target), null);

    private static string[] Described(CoreFixture core) =>
        [.. core.List("vlans").Entries.Select(e => $"{e.Key} {e.Spec?.Interface}").Order(StringComparer.Ordinal)];
}
