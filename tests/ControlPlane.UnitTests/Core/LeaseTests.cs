using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Watching;
using ControlPlane.Simulation;
using ControlPlane.Storage;
using ControlPlane.TestCommon.Lab;
using ControlPlane.UnitTests.Core.Watching;
using Microsoft.Extensions.Time.Testing;

namespace ControlPlane.UnitTests.Core;

/// <summary>Leases: entries and attachments end with them.</summary>
public sealed class LeaseTests : IDisposable
{
    private const int Many = 1500;

    private static readonly DevmapRecord _table = new("table", new DevmapSpec(4096, KeySelector: KeySelector.Ipv4Destination));

    private readonly SimulatedHost _host = SimulatedHost.WithInterfaces();
    private readonly MemoryStore _store = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly KernelGate _gate = new();

    public void Dispose()
    {
        _gate.Dispose();
        _store.Dispose();
    }

    [Fact]
    public async Task TimeIsOver_EntriesAndAttachmentsGo_AsOneChange()
    {
        await using var core = await StartAsync();
        await core.PutLeaseAsync("cni", 30);
        await core.PutAsync("vlans", "1", new EntrySpec("sim1") { Lease = "cni", Owner = "a" });
        await core.PutAsync("vlans", "2", new EntrySpec("sim1") { Lease = "cni" });
        await core.PutAsync("vlans", "3", new EntrySpec("sim1"));
        await core.Attachments.PutAsync("vlans", "sim0", new AttachmentSpec(AttachMode.Native) { Lease = "cni" }, false, RequestContext.OfDaemon());
        var lease = core.Leases.Get("cni", RequestContext.OfDaemon());
        Assert.Equal((2, 1, _time.GetUtcNow().AddSeconds(30)), (lease.Status.Entries, lease.Status.Attachments, lease.Status.ExpireTime));
        await using var reader = core.Watch("vlans").GetAsyncEnumerator();
        await reader.UntilAsync(e => e is WatchEvent.Synced);

        _time.Advance(TimeSpan.FromSeconds(30));

        await Eventually.Async(() => core.State.Current.Leases.IsEmpty);
        var gone = await reader.UntilAsync(e => e.Revision is not null && e is WatchEvent.EntryDeleted or WatchEvent.AttachmentDeleted);
        Assert.Equal(3, gone.Count(e => e is WatchEvent.EntryDeleted or WatchEvent.AttachmentDeleted));
        Assert.Equal(["3"], core.List("vlans").Entries.Select(e => e.Key));
        Assert.Empty(core.Attachments.List("vlans", RequestContext.OfDaemon()));
        Assert.False(_host.Devmaps["vlans"].TryGet(1, out _));
        Assert.True(_host.Devmaps["vlans"].TryGet(3, out _));
        var stored = _store.Load();
        Assert.Equal((1, 0, 0), (stored.Entries.Count, stored.Attachments.Count, stored.Leases.Count));
        var commit = Assert.Single(_store.History.Read(core.State.Current.Revision - 1, core.State.Current.Revision, 10)!);
        Assert.Equal(4, commit.Changes.Count);
        Assert.All(commit.Changes, c => Assert.Equal(("devmapd", "devmapd"), (c.Origin.Actor, c.Origin.Account)));
    }

    [Fact]
    public async Task KeepAlive_GivesTheFullTimeAgain_WithoutAWrite()
    {
        await using var core = await StartAsync();
        await core.PutLeaseAsync("cni", 30);
        await core.PutAsync("vlans", "1", new EntrySpec("sim1") { Lease = "cni" });
        var (revision, commands) = (core.State.Current.Revision, core.Writer.Commands);
        for (var i = 0; i < 5; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(20));
            Assert.Equal(_time.GetUtcNow().AddSeconds(30), core.Leases.KeepAlive("cni", RequestContext.OfDaemon()).ExpireTime);
        }

        Assert.Equal((revision, commands), (core.State.Current.Revision, core.Writer.Commands));
        Assert.Equal(["1"], core.List("vlans").Entries.Select(e => e.Key));
        _time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(ErrorCode.LeaseNotFound, (await CoreFixture.FailsAsync(() => Task.FromResult(core.Leases.KeepAlive("cni", RequestContext.OfDaemon())))).Code);
        await Eventually.Async(() => core.List("vlans").Entries.Count == 0);
    }

    [Fact]
    public async Task Put_GivesTheFullTimeAgain_AlsoIfNothingChanges()
    {
        await using var core = await StartAsync();
        var first = await core.PutLeaseAsync("cni", 30);
        _time.Advance(TimeSpan.FromSeconds(20));
        var again = await core.PutLeaseAsync("cni", 30);
        Assert.Equal((true, false, first.View.Revision), (first.Created, again.Created, again.View.Revision));
        Assert.Equal(_time.GetUtcNow().AddSeconds(30), again.View.Status.ExpireTime);
        var longer = await core.PutLeaseAsync("cni", 60);
        Assert.Equal((first.View.Revision + 1, _time.GetUtcNow().AddSeconds(60)), (longer.View.Revision, longer.View.Status.ExpireTime));
    }

    [Fact]
    public async Task Start_GivesEachLeaseItsFullTime()
    {
        await using (var core = await StartAsync())
        {
            await core.PutLeaseAsync("cni", 30, "me");
            await core.PutAsync("vlans", "1", new EntrySpec("sim1") { Lease = "cni" });
            _time.Advance(TimeSpan.FromSeconds(20));
        }

        _time.Advance(TimeSpan.FromHours(1));
        await using var again = await StartAsync();

        var lease = again.Leases.Get("cni", RequestContext.OfDaemon());
        Assert.Equal(("me", 1, _time.GetUtcNow().AddSeconds(30)), (lease.Spec.Owner, lease.Status.Entries, lease.Status.ExpireTime));
        Assert.Equal("cni", again.Entries.Get("vlans", "1", RequestContext.OfDaemon()).Spec!.Lease);
        _time.Advance(TimeSpan.FromSeconds(30));
        await Eventually.Async(() => again.List("vlans").Entries.Count == 0);
    }

    [Fact]
    public async Task Write_WithALeaseThatDoesNotExist_IsRefused()
    {
        await using var core = await StartAsync();
        foreach (var write in new Func<Task>[]
        {
            () => core.PutAsync("vlans", "1", new EntrySpec("sim1") { Lease = "cni" }),
            () => core.Attachments.PutAsync("vlans", "sim0", new AttachmentSpec(AttachMode.Native) { Lease = "cni" }, false, RequestContext.OfDaemon()),
        })
        {
            var error = await CoreFixture.FailsAsync(write);
            Assert.Equal((ErrorCode.LeaseNotFound, "lease", "leases/cni"), (error.Code, error.Fields.Single().Field, error.Resource));
        }

        var invalid = await CoreFixture.FailsAsync(() => core.PutAsync("vlans", "x", new EntrySpec("sim1") { Lease = "cni" }));
        Assert.Equal(["key", "lease"], invalid.Fields.Select(f => f.Field).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task EntryOfALeaseWhoseTimeIsOver_CannotBeWritten_EvenAsItIs()
    {
        using var store = new FailingStore();
        await using var core = await CoreFixture.StartAsync(_host, store: store, time: _time);
        await core.PutLeaseAsync("cni", 30);
        await core.PutAsync("vlans", "1", new EntrySpec("sim1") { Lease = "cni" });
        store.Fails = true;
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(ErrorCode.LeaseNotFound, (await CoreFixture.FailsAsync(() => core.PutAsync("vlans", "1", new EntrySpec("sim1") { Lease = "cni" }))).Code);
        store.Fails = false;
        // It is tried again, a second later.
        await Eventually.Async(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return core.List("vlans").Entries.Count == 0;
        });
    }

    [Fact]
    public async Task Delete_EndsIt_AndNeedsItsOwner()
    {
        await using var core = await StartAsync();
        await core.PutLeaseAsync("cni", 30, "me");
        await core.PutAsync("vlans", "1", new EntrySpec("sim1") { Lease = "cni", Owner = "other" });
        Assert.Equal(ErrorCode.OwnedByOther, (await CoreFixture.FailsAsync(() => core.Leases.DeleteAsync("cni", null, false, RequestContext.OfDaemon()))).Code);
        Assert.Equal(ErrorCode.OwnedByOther, (await CoreFixture.FailsAsync(() => core.PutLeaseAsync("cni", 60))).Code);

        await core.Leases.DeleteAsync("cni", "me", false, RequestContext.OfDaemon());

        Assert.Empty(core.List("vlans").Entries);
        Assert.Equal(ErrorCode.LeaseNotFound, (await CoreFixture.FailsAsync(() => core.Leases.DeleteAsync("cni", "me", false, RequestContext.OfDaemon()))).Code);
    }

    [Fact]
    public async Task Entry_LeavesItsLease_AndStays()
    {
        await using var core = await StartAsync();
        await core.PutLeaseAsync("cni", 30);
        await core.PutAsync("vlans", "1", new EntrySpec("sim1") { Lease = "cni" });
        await core.PutAsync("vlans", "1", new EntrySpec("sim1"));
        Assert.Equal(0, core.Leases.Get("cni", RequestContext.OfDaemon()).Status.Entries);
        _time.Advance(TimeSpan.FromSeconds(30));
        await Eventually.Async(() => core.State.Current.Leases.IsEmpty);
        Assert.Equal(["1"], core.List("vlans").Entries.Select(e => e.Key));
    }

    [Fact]
    public async Task ManyEntries_GoInSlices_UnderOneRevision_AndOtherWritesGoOn()
    {
        await using var core = await StartManyAsync();
        using var hold = new ManualResetEventSlim();
        var (deletions, reached) = (0, new TaskCompletionSource());
        _gate.Fault = () =>
        {
            if (Interlocked.Increment(ref deletions) == 300)
            {
                reached.SetResult();
                hold.Wait(TimeSpan.FromSeconds(30));
            }

            return null;
        };
        _time.Advance(TimeSpan.FromSeconds(30));
        await reached.Task;

        // The desired state has changed as a whole; elements that are still in the kernel are no unmanaged ones.
        Assert.Empty(core.List("table").Entries);
        Assert.Empty(core.State.Current.Leases);
        Assert.InRange(_host.Devmaps["table"].Count, 1, Many - 1);
        Assert.Single(core.List("vlans").Entries);
        var other = core.PutAsync("vlans", "7", "sim2");
        var again = core.PutAsync("table", "10.0.0.1", "sim2");
        hold.Set();

        await other;
        await again;
        await Eventually.Async(() => _host.Devmaps["table"].Count == 1);
        Assert.Equal(0, (await core.Audits.AuditAsync("table", true, RequestContext.OfDaemon())).Found);
    }

    [Fact]
    public async Task DaemonDiesBetweenSlices_StartFinishesIt()
    {
        var core = await StartManyAsync();
        var deletions = 0;
        _gate.Fault = () => ++deletions == 300 ? throw new InvalidDataException("a defect") : null;
        _time.Advance(TimeSpan.FromSeconds(30));
        await Assert.ThrowsAsync<InvalidDataException>(() => core.Writer.Completion);
        Assert.InRange(_host.Devmaps["table"].Count, 1, Many - 1);
        _gate.Fault = null;

        await using var again = await StartAsync();

        Assert.Empty(again.List("table").Entries);
        Assert.Empty(again.State.Current.Leases);
        Assert.Equal(0, _host.Devmaps["table"].Count);
        Assert.DoesNotContain(_store.Load().Entries, e => e.Devmap == "table");
    }

    [Fact]
    public async Task KernelRefusesDeletions_TheyAreMadeLater()
    {
        await using var core = await StartManyAsync();
        var refusals = 0;
        _gate.Fault = () => ++refusals <= 10 ? new KernelException("bpf_map_delete_elem", Errno.ENOMEM, "ENOMEM") : null;
        _time.Advance(TimeSpan.FromSeconds(30));
        await Eventually.Async(() => core.State.Current.Leases.IsEmpty);

        await Eventually.Async(async () =>
        {
            await core.PutAsync("vlans", "7", "sim2");
            return _host.Devmaps["table"].Count == 0;
        });
    }

    [Fact]
    public async Task TableOfTheDevmap_WaitsForTheEnd()
    {
        await using var core = await StartManyAsync();
        var ending = core.Leases.DeleteAsync("cni", null, false, RequestContext.OfDaemon());
        var table = core.ReplaceAsync("table", [new("10.0.0.9", new EntrySpec("sim2"), null)]);
        await ending;
        Assert.Equal(1, (await table).Created);
        Assert.Equal(1, _host.Devmaps["table"].Count);
    }

    [Fact]
    public async Task KeepAliveAndEnd_Race_OneOfThemHolds()
    {
        for (var round = 0; round < 50; round++)
        {
            await using var core = await CoreFixture.StartAsync(SimulatedHost.WithInterfaces(), time: _time);
            await core.PutLeaseAsync("cni", 1);
            await core.PutAsync("vlans", "1", new EntrySpec("sim1") { Lease = "cni" });
            _time.Advance(TimeSpan.FromMilliseconds(999));
            var kept = Task.Run(() =>
            {
                try
                {
                    core.Leases.KeepAlive("cni", RequestContext.OfDaemon());
                    return true;
                }
                catch (ControlPlaneException)
                {
                    return false;
                }
            });
            _time.Advance(TimeSpan.FromMilliseconds(1));
            if (await kept)
            {
                await core.PutAsync("vlans", "2", "sim1");
                Assert.Equal(["1", "2"], core.List("vlans").Entries.Select(e => e.Key));
            }
            else
            {
                await Eventually.Async(() => core.List("vlans").Entries.Count == 0);
            }
        }
    }

    private Task<CoreFixture> StartAsync() => CoreFixture.StartAsync(_host, _gate.Wrap, store: _store, time: _time, devmaps: [_table, CoreFixture.Vlans]);

    private async Task<CoreFixture> StartManyAsync()
    {
        var core = await StartAsync();
        await core.PutLeaseAsync("cni", 30);
        await core.PutAsync("vlans", "1", "sim1");
        await core.ReplaceAsync("table", [.. Enumerable.Range(0, Many).Select(i => new ControlPlane.Core.Api.DesiredEntry($"10.0.{i / 256}.{i % 256}", new EntrySpec("sim1") { Lease = "cni" }, null))]);
        Assert.Equal(Many, core.Leases.Get("cni", RequestContext.OfDaemon()).Status.Entries);
        return core;
    }
}
