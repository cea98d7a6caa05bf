using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Watching;
using ControlPlane.Simulation;
using ControlPlane.Storage;
using ControlPlane.TestCommon.Lab;
using ControlPlane.UnitTests.Core.Watching;
using Microsoft.Extensions.Time.Testing;

namespace ControlPlane.UnitTests.Core;

/// <summary>Entries that end when their interface is removed.</summary>
public sealed class InterfaceGoneTests : IDisposable
{
    private static readonly TimeSpan _after = TimeSpan.FromSeconds(30);

    private readonly SimulatedHost _host = SimulatedHost.WithInterfaces();
    private readonly MemoryStore _store = new();
    private readonly FakeTimeProvider _time = new();

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task InterfaceIsRemoved_EachEntryDoesAsItSays()
    {
        await using var core = await StartAsync();
        await PutAllAsync(core);
        await using var reader = core.Watch("vlans").GetAsyncEnumerator();
        await reader.UntilAsync(e => e is WatchEvent.Synced);

        _host.RemoveInterface("sim1");
        await EventuallyAsync(core, "after", "keep", "other");
        Assert.Equal("2", Assert.IsType<WatchEvent.EntryDeleted>((await reader.UntilAsync(e => e is WatchEvent.EntryDeleted))[^1]).Key);
        Assert.Equal(EntryState.Pending, core.Entries.Get("vlans", "1", RequestContext.OfDaemon()).Status.State);

        _time.Advance(_after);
        await EventuallyAsync(core, "keep", "other");
        Assert.Equal(2, _store.Load().Entries.Count);
    }

    [Fact]
    public async Task InterfaceComesBackInTime_EntryStays_AndTheTimeBeginsAnew()
    {
        await using var core = await StartAsync();
        await PutAllAsync(core);
        _host.RemoveInterface("sim1");
        await EventuallyAsync(core, "after", "keep", "other");
        _time.Advance(TimeSpan.FromSeconds(20));
        _host.AddInterface("sim1");
        await Eventually.Async(() => core.Entries.Get("vlans", "3", RequestContext.OfDaemon()).Status.State == EntryState.Forwarding);
        _time.Advance(TimeSpan.FromSeconds(20));
        _host.RemoveInterface("sim1");
        // The status is that of now. The writer has seen the removal once it has taken another turn.
        await core.PutAsync("vlans", "9", "sim2");
        _time.Advance(TimeSpan.FromSeconds(20));
        await core.PutAsync("vlans", "9", "sim3");
        Assert.Contains(core.List("vlans").Entries, e => e.Key == "3");
        _time.Advance(TimeSpan.FromSeconds(10));
        await Eventually.Async(() => core.List("vlans").Entries.All(e => e.Key != "3"));
    }

    [Fact]
    public async Task Start_WithoutTheInterface_CountsFromThen()
    {
        await using (var core = await StartAsync())
            await PutAllAsync(core);
        _host.RemoveInterface("sim1");
        _time.Advance(TimeSpan.FromHours(1));

        await using var again = await StartAsync();

        await EventuallyAsync(again, "after", "keep", "other");
        _time.Advance(TimeSpan.FromSeconds(29));
        await again.PutAsync("vlans", "9", "sim2");
        Assert.Contains(again.List("vlans").Entries, e => e.Key == "3");
        _time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.Async(() => again.List("vlans").Entries.All(e => e.Key != "3"));
    }

    [Fact]
    public async Task EntryWrittenBeforeItsInterfaceExists_WaitsForIt()
    {
        await using var core = await StartAsync();
        await core.PutAsync("vlans", "1", new EntrySpec("late0") { OnInterfaceGone = OnInterfaceGone.Delete }, allowPending: true);
        await core.PutAsync("vlans", "2", new EntrySpec("late0") { OnInterfaceGone = OnInterfaceGone.DeleteAfter, DeleteAfter = _after }, allowPending: true);
        _time.Advance(TimeSpan.FromSeconds(20));
        await core.PutAsync("vlans", "3", new EntrySpec("late0") { OnInterfaceGone = OnInterfaceGone.DeleteAfter, DeleteAfter = _after }, allowPending: true);
        _time.Advance(TimeSpan.FromSeconds(10));
        await Eventually.Async(() => core.List("vlans").Entries.Count == 2);
        Assert.Equal(["1", "3"], core.List("vlans").Entries.Select(e => e.Key));
        _host.AddInterface("late0");
        await Eventually.Async(() => core.Entries.Get("vlans", "1", RequestContext.OfDaemon()).Status.State == EntryState.Forwarding);
        _time.Advance(TimeSpan.FromHours(1));
        await core.PutAsync("vlans", "9", "sim2");
        Assert.Equal(["1", "3", "9"], core.List("vlans").Entries.Select(e => e.Key));
        _host.RemoveInterface("late0");
        await Eventually.Async(() => core.List("vlans").Entries.All(e => e.Key != "1"));
    }

    [Fact]
    public async Task KeyInterfaceIsRemoved_EntryStays()
    {
        await using var core = await StartAsync();
        await core.PutAsync("ingress", "sim1", new EntrySpec("sim2") { OnInterfaceGone = OnInterfaceGone.Delete });
        _host.RemoveInterface("sim1");
        await Eventually.Async(() => core.Entries.Get("ingress", "sim1", RequestContext.OfDaemon()).Status.State == EntryState.Pending);
        _time.Advance(TimeSpan.FromMinutes(1));
        await core.PutAsync("vlans", "9", "sim2");
        Assert.Single(core.List("ingress").Entries);
    }

    [Theory]
    [InlineData(OnInterfaceGone.DeleteAfter, null)]
    [InlineData(OnInterfaceGone.DeleteAfter, 0.5)]
    [InlineData(OnInterfaceGone.DeleteAfter, 604_801.0)]
    [InlineData(OnInterfaceGone.DeleteAfter, 1.0005)]
    [InlineData(OnInterfaceGone.Delete, 30.0)]
    [InlineData(OnInterfaceGone.Keep, 30.0)]
    public async Task TimeThatDoesNotFit_IsAnError(OnInterfaceGone onGone, double? seconds)
    {
        await using var core = await StartAsync();
        var spec = new EntrySpec("sim1") { OnInterfaceGone = onGone, DeleteAfter = seconds is { } given ? TimeSpan.FromSeconds(given) : null };
        var error = await CoreFixture.FailsAsync(() => core.PutAsync("vlans", "1", spec));
        Assert.Equal((ErrorCode.InvalidArgument, "deleteAfter"), (error.Code, error.Fields.Single().Field));
    }

    private Task<CoreFixture> StartAsync() => CoreFixture.StartAsync(_host, store: _store, time: _time);

    private static async Task PutAllAsync(CoreFixture core)
    {
        await core.PutAsync("vlans", "1", new EntrySpec("sim1") { Owner = "keep" });
        await core.PutAsync("vlans", "2", new EntrySpec("sim1") { Owner = "delete", OnInterfaceGone = OnInterfaceGone.Delete });
        await core.PutAsync("vlans", "3", new EntrySpec("sim1") { Owner = "after", OnInterfaceGone = OnInterfaceGone.DeleteAfter, DeleteAfter = _after });
        await core.PutAsync("vlans", "4", new EntrySpec("sim2") { Owner = "other", OnInterfaceGone = OnInterfaceGone.Delete });
    }

    private static Task EventuallyAsync(CoreFixture core, params string[] owners) =>
        Eventually.Async(() => core.List("vlans").Entries.Select(e => e.Spec!.Owner!).Order(StringComparer.Ordinal).SequenceEqual(owners));
}
