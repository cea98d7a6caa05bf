using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.Watching;
using ControlPlane.Simulation;
using ControlPlane.TestCommon.Lab;
using ControlPlane.UnitTests.Core.Watching;
using Microsoft.Extensions.Time.Testing;

namespace ControlPlane.UnitTests.Core;

/// <summary>The writer finds changes that others made in the kernel, reports them with before and after, and repairs them.</summary>
public sealed class AuditTests
{
    private static readonly KernelEntry Stranger = new(1, 0);

    [Fact]
    public async Task Audit_NothingChanged_FindsNothing()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutAsync("vlans", "10", "sim0");
        await core.PutAsync("vlans", "11", "late0", allowPending: true);

        var report = await AuditAsync(core);

        Assert.Equal((2, 0, 0, true), (report.Checked, report.Found, report.Repaired, report.Repair));
        Assert.Empty(report.Drifts);
    }

    [Fact]
    public async Task Audit_ElementRemovedByHand_IsPutBack()
    {
        var host = SimulatedHost.WithInterfaces();
        await using var core = await CoreFixture.StartAsync(host);
        var put = await core.PutAsync("vlans", "10", "sim0");
        host.SetElementByHand("vlans", 10, null);
        Assert.Equal(EntryState.Pending, core.Entries.Get("vlans", "10").Status.State);

        var drift = Assert.Single((await AuditAsync(core)).Drifts);

        Assert.Equal((DriftKind.Missing, "10", 10u, true), (drift.Kind, drift.Key, drift.KernelKey!.Value, drift.Repaired));
        Assert.Null(drift.Found);
        Assert.Equal(new DriftElement(host.Interfaces.Find("sim0")!.Ifindex, "sim0", null, null), drift.Desired);
        Assert.Equal(put.View.DesiredPart(), core.Entries.Get("vlans", "10").DesiredPart());
        Assert.Equal(EntryState.Forwarding, core.Entries.Get("vlans", "10").Status.State);
    }

    [Fact]
    public async Task Audit_ElementChangedByHand_IsPutBackWithItsProgram()
    {
        var host = SimulatedHost.WithInterfaces();
        await using var core = await CoreFixture.StartAsync(host);
        await core.PutProgramAsync("seen", "count");
        await core.PutAsync("vlans", "10", "sim0", "seen");
        host.SetElementByHand("vlans", 10, Stranger);

        var drift = Assert.Single((await AuditAsync(core)).Drifts);

        Assert.Equal((DriftKind.Changed, true), (drift.Kind, drift.Repaired));
        Assert.Equal(new DriftElement(1, "lo", null, null), drift.Found);
        Assert.Equal(("sim0", "seen"), (drift.Desired!.Interface, drift.Desired.EgressProgram));
        Assert.Equal(EntryState.Forwarding, core.Entries.Get("vlans", "10").Status.State);
    }

    [Fact]
    public async Task Audit_ElementAddedByHand_IsRemoved()
    {
        var host = SimulatedHost.WithInterfaces();
        await using var core = await CoreFixture.StartAsync(host);
        host.SetElementByHand("vlans", 99, Stranger);

        var drift = Assert.Single((await AuditAsync(core)).Drifts);

        Assert.Equal((DriftKind.Unmanaged, "99", true), (drift.Kind, drift.Key, drift.Repaired));
        Assert.Null(drift.Desired);
        Assert.Empty((await AuditAsync(core)).Drifts);
    }

    [Fact]
    public async Task Audit_AttachmentDetachedByHand_IsAttachedAgain()
    {
        var host = SimulatedHost.WithInterfaces();
        await using var core = await CoreFixture.StartAsync(host);
        await core.Attachments.PutAsync("vlans", "sim0", new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());
        host.DetachByHand("vlans", "sim0");

        var drift = Assert.Single((await AuditAsync(core)).Drifts);

        Assert.Equal((DriftKind.Detached, "sim0", true), (drift.Kind, drift.Interface, drift.Repaired));
        Assert.Equal(AttachMode.Native, host.Interfaces.Find("sim0")!.XdpMode);
        Assert.Equal(AttachmentState.Attached, core.Attachments.Get("vlans", "sim0").Status.State);
    }

    [Fact]
    public async Task Audit_SlotEmptiedByHand_IsFilledAgain()
    {
        var host = SimulatedHost.WithInterfaces();
        await using var core = await CoreFixture.StartAsync(host);
        host.EmptySlotByHand("vlans");

        var told = Assert.Single((await AuditAsync(core, repair: false)).Drifts);
        Assert.Equal((DriftKind.Inactive, false), (told.Kind, told.Repaired));
        Assert.True(Assert.Single((await AuditAsync(core)).Drifts).Repaired);
        Assert.Empty((await AuditAsync(core)).Drifts);
    }

    [Fact]
    public async Task Audit_ElementThatIsNotCounted_IsWrittenAgain()
    {
        var host = SimulatedHost.WithInterfaces();
        await using var core = await CoreFixture.StartAsync(host);
        await core.PutAsync("vlans", "10", "sim0");
        host.StopCountingByHand("vlans", 10);

        var told = Assert.Single((await AuditAsync(core, repair: false)).Drifts);
        Assert.Equal((DriftKind.Uncounted, "10", false), (told.Kind, told.Key, told.Repaired));
        Assert.True(Assert.Single((await AuditAsync(core)).Drifts).Repaired);
        Assert.Empty((await AuditAsync(core)).Drifts);
    }

    [Fact]
    public async Task Audit_PassProgramDetachedByHand_IsAttachedAgain()
    {
        var host = SimulatedHost.WithInterfaces();
        host.AddPair("out", "out-peer");
        await using var core = await CoreFixture.StartAsync(host);
        await core.PutAsync("vlans", "10", "out");
        await core.PutAsync("addresses", "10.0.0.1", "sim0");
        host.DetachPassByHand("out-peer");
        Assert.Equal(EntryState.Undeliverable, core.Entries.Get("vlans", "10").Status.State);

        Assert.Equal(0, (await core.Audits.AuditAsync("addresses", false, RequestContext.OfDaemon())).Found);
        Assert.False(Assert.Single((await AuditAsync(core, repair: false)).Drifts).Repaired);
        var drift = Assert.Single((await AuditAsync(core)).Drifts);

        Assert.Equal((DriftKind.Detached, "out-peer", true), (drift.Kind, drift.Interface, drift.Repaired));
        Assert.Equal(EntryState.Forwarding, core.Entries.Get("vlans", "10").Status.State);
        Assert.Equal(0, (await AuditAsync(core)).Found);
    }

    [Fact]
    public async Task Audit_RepairOff_TellsAndLeavesAllAsItIs()
    {
        var host = SimulatedHost.WithInterfaces();
        await using var core = await CoreFixture.StartAsync(host);
        await core.PutAsync("vlans", "10", "sim0");
        await core.Attachments.PutAsync("vlans", "sim0", new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());
        host.SetElementByHand("vlans", 10, Stranger);
        host.SetElementByHand("vlans", 99, Stranger);
        host.DetachByHand("vlans", "sim0");

        var report = await AuditAsync(core, repair: false);

        Assert.Equal((3, 0, false), (report.Found, report.Repaired, report.Repair));
        Assert.All(report.Drifts, d => Assert.False(d.Repaired));
        Assert.Equal(3, (await AuditAsync(core, repair: false)).Found);
        Assert.Equal(EntryState.Undeliverable, core.Entries.Get("vlans", "10").Status.State);
    }

    [Fact]
    public async Task Audit_ManyDifferences_AllAreRepairedAndTheFirstAreListed()
    {
        var host = SimulatedHost.WithInterfaces();
        await using var core = await CoreFixture.StartAsync(host);
        for (var key = 0u; key < 1024; key++)
            host.SetElementByHand("vlans", key, Stranger);
        for (var key = 0u; key < 1024; key++)
            host.SetElementByHand("addresses", key, Stranger);
        await using var events = core.Watch("vlans").GetAsyncEnumerator();
        await events.UntilAsync(e => e is WatchEvent.Synced);

        var report = await AuditAsync(core);

        Assert.Equal((1024, 1024, AuditReport.MaxDrifts), (report.Found, report.Repaired, report.Drifts.Count));
        Assert.Equal(0, (await AuditAsync(core)).Found);
        var revision = core.State.Current.Revision;
        await core.PutAsync("vlans", "10", "sim0");
        Assert.Equal(new WatchEvent.DriftFound(revision, 1024, 1024), await events.NextAsync());
        Assert.IsType<WatchEvent.EntryPut>(await events.NextAsync());
        var tally = core.Devmaps.Get("vlans").Status.Audit;
        Assert.Equal((2, 1024, 1024), (tally!.Audits, tally.Found, tally.Repaired));
    }

    [Fact]
    public async Task Audit_Drift_WatchersAreToldOnce()
    {
        var host = SimulatedHost.WithInterfaces();
        await using var core = await CoreFixture.StartAsync(host);
        var put = await core.PutAsync("vlans", "10", "sim0");
        host.SetElementByHand("vlans", 10, null);
        host.SetElementByHand("vlans", 99, Stranger);
        await using var events = core.Watches.Watch("vlans", put.View.Revision!.Value, new WatchQuery(), RequestContext.OfDaemon()).GetAsyncEnumerator();

        await AuditAsync(core);

        Assert.True(await events.MoveNextAsync());
        if (events.Current is WatchEvent.Synced)
            Assert.True(await events.MoveNextAsync());
        Assert.Equal(new WatchEvent.DriftFound(put.View.Revision!.Value, 2, 2), events.Current);
    }

    [Fact]
    public async Task Audit_UnknownDevmap_NamesIt()
    {
        await using var core = await CoreFixture.StartAsync();

        var error = await CoreFixture.FailsAsync(() => core.Audits.AuditAsync("nowhere", null, CancellationToken.None));

        Assert.Equal(ErrorCode.DevmapNotFound, error.Code);
    }

    [Fact]
    public async Task Run_IntervalHasPassed_AllDevmapsAreAudited()
    {
        var host = SimulatedHost.WithInterfaces();
        var time = new FakeTimeProvider();
        await using var core = await CoreFixture.StartAsync(host, time: time);
        host.SetElementByHand("vlans", 99, Stranger);
        host.SetElementByHand("plain", 7, Stranger);
        using var stop = new CancellationTokenSource();
        var running = core.Audits.RunAsync(stop.Token);

        time.Advance(TimeSpan.FromMinutes(1));

        await Eventually.Async(() => core.Devmaps.Get("plain").Status.Audit?.Audits == 1 && core.Devmaps.Get("vlans").Status.Audit?.Audits == 1);
        Assert.Equal(0, (await AuditAsync(core)).Found);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private static Task<AuditReport> AuditAsync(CoreFixture core, bool? repair = null) => core.Audits.AuditAsync("vlans", repair, CancellationToken.None);
}
