using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.Writing.Loop;
using ControlPlane.Simulation;
using ControlPlane.Storage;
using Microsoft.Extensions.Time.Testing;

namespace ControlPlane.UnitTests.Core;

/// <summary>Store, kernel and answers agree, whichever of them fails.</summary>
public sealed class DurabilityTests
{
    [Fact]
    public async Task Devmap_KeepsItsTimesOverRestarts_UntilItsSettingsChange()
    {
        var (host, store, time) = (SimulatedHost.WithInterfaces(), new MemoryStore(), new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero)));
        var start = time.GetUtcNow();
        Assert.Equal((start, start), await TimesAsync(CoreFixture.Vlans));
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal((start, start), await TimesAsync(CoreFixture.Vlans));
        var changed = CoreFixture.Vlans with { Spec = CoreFixture.Vlans.Spec with { EnsureTargets = EnsureTargets.Off } };
        Assert.Equal((start, start.AddHours(1)), await TimesAsync(changed));

        async Task<(DateTimeOffset, DateTimeOffset)> TimesAsync(DevmapRecord devmap)
        {
            await using var core = await CoreFixture.StartAsync(host, store: store, time: time, devmaps: [devmap]);
            var view = core.Devmaps.Get("vlans");
            return (view.CreateTime, view.UpdateTime);
        }
    }

    [Fact]
    public async Task Put_StoreRefuses_ChangesNothingAndReadsGoOn()
    {
        using var store = new FailingStore();
        await using var core = await CoreFixture.StartAsync(store: store);
        await core.PutAsync("vlans", "1", "sim1");
        store.Fails = true;
        var error = await CoreFixture.FailsAsync(() => core.PutAsync("vlans", "2", "sim1"));
        Assert.Equal(ErrorCode.StoreUnavailable, error.Code);
        Assert.NotNull(error.RetryAfter);
        Assert.False(core.Host.Devmaps["vlans"].TryGet(2, out _));
        Assert.Equal(["1"], core.List("vlans").Entries.Select(e => e.Key));
        store.Fails = false;
        Assert.True((await core.PutAsync("vlans", "2", "sim1")).Created);
    }

    [Fact]
    public async Task Put_OutcomeOfTheCommitIsNotKnown_SaysSoAndEndsTheWriter()
    {
        using var gate = new KernelGate();
        using var store = new FailingStore();
        var core = await CoreFixture.StartAsync(wrap: gate.Wrap, store: store, options: new WriterOptions { MaxBatch = 1 });
        gate.Close();
        var underWay = core.PutAsync("vlans", "1", "sim1");
        await gate.Reached;
        store.IsUncertain = true;
        var unknown = core.PutAsync("vlans", "2", "sim1");
        var waiting = core.PutAsync("vlans", "3", "sim1");
        gate.Open();

        await underWay;
        var error = await CoreFixture.FailsAsync(() => unknown);
        Assert.Equal(ErrorCode.StoreUnavailable, error.Code);
        Assert.StartsWith("It is not known whether the change is durable", error.Detail, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.ShuttingDown, (await CoreFixture.FailsAsync(() => waiting)).Code);
        await Assert.ThrowsAsync<StoreOutcomeException>(() => core.Writer.Completion);
        Assert.False(core.Host.Devmaps["vlans"].TryGet(2, out _));
    }

    [Fact]
    public async Task Turn_TellsOfStoreAndKernel_AndNeedsNoPlaceInTheQueue()
    {
        using var gate = new KernelGate();
        using var store = new FailingStore();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap, store: store, options: new WriterOptions { QueueCapacity = 1, MaxBatch = 1 });
        gate.Close();
        var underWay = core.PutAsync("vlans", "1", "sim1");
        await gate.Reached;
        var waiting = core.PutAsync("vlans", "2", "sim1");
        Assert.Equal(ErrorCode.WriterBusy, (await CoreFixture.FailsAsync(() => core.PutAsync("vlans", "3", "sim1"))).Code);
        var turn = core.Writer.TurnAsync();
        Assert.False(turn.IsCompleted);
        gate.Open();
        await Task.WhenAll(underWay, waiting);
        Assert.Equal((null, null, 0), Problems(await turn));

        store.Fails = true;
        await CoreFixture.FailsAsync(() => core.PutAsync("vlans", "4", "sim1"));
        Assert.Equal(("database or disk is full", null, 0), Problems(await core.Writer.TurnAsync()));
        store.Fails = false;
        Assert.Equal((null, null, 0), Problems(await core.Writer.TurnAsync()));

        static (string?, string?, int) Problems(WriterReport report) => (report.StoreProblem, report.KernelProblem, report.MissingPins.Count);
    }

    [Fact]
    public async Task Clock_GoesBack_TimesOfResourcesDoNot()
    {
        var start = new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
        var time = new SettableTimeProvider { Now = start };
        await using var core = await CoreFixture.StartAsync(time: time);
        await core.PutProgramAsync("counting", "count");
        await core.PutAsync("vlans", "1", "sim1");
        await core.Attachments.PutAsync("vlans", "sim0", new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());

        time.Now = start.AddDays(-1);
        var entry = (await core.PutAsync("vlans", "1", "sim2")).View;
        var attachment = (await core.Attachments.PutAsync("vlans", "sim0", new AttachmentSpec(AttachMode.Generic), false, RequestContext.OfDaemon())).View;
        await core.Programs.SetOfInterfaceAsync("sim2", "counting", RequestContext.OfDaemon());
        var program = (await core.Programs.PutAsync(
            "counting",
            new EgressProgramSpec(new EgressProgramConfig(EgressTemplate.Count), Labels.Of(new Dictionary<string, string> { ["a"] = "b" }), null),
            RequestContext.OfDaemon())).View;

        Assert.Equal((start, start), (entry.CreateTime, entry.UpdateTime));
        Assert.Equal((start, start), (attachment.CreateTime, attachment.UpdateTime));
        Assert.Equal((start, start), (program.CreateTime, program.UpdateTime));
        Assert.Equal(start, core.Entries.Get("vlans", "1").UpdateTime);
        time.Now = start.AddHours(1);
        Assert.Equal(start.AddHours(1), (await core.PutAsync("vlans", "1", "sim1", "counting")).View.UpdateTime);
    }

    [Fact]
    public async Task Put_KernelRefuses_StoreIsSetBack()
    {
        using var gate = new KernelGate();
        using var store = new MemoryStore();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap, store: store);
        await core.PutAsync("vlans", "1", "sim1");
        gate.Refusal = new KernelException("bpf_map_update_elem", Errno.ENOMEM, "ENOMEM");
        await CoreFixture.FailsAsync(() => core.PutAsync("vlans", "1", "sim2"));
        await CoreFixture.FailsAsync(() => core.PutAsync("vlans", "2", "sim2"));
        var stored = Assert.Single(store.Load().Entries);
        Assert.Equal("sim1", stored.Spec.Interface);
        Assert.Equal("sim1", core.Entries.Get("vlans", "1").Spec!.Interface);
    }

    [Fact]
    public async Task Put_KernelRefusesAndStoreFailsToo_IsSetBackWithTheNextCommit()
    {
        using var gate = new KernelGate();
        using var store = new FailingStore();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap, store: store);
        gate.Refusal = new KernelException("bpf_map_update_elem", Errno.ENOMEM, "ENOMEM");
        store.FailsAfter = 1;
        await CoreFixture.FailsAsync(() => core.PutAsync("vlans", "1", "sim1"));
        (gate.Refusal, store.FailsAfter) = (null, null);
        await core.PutAsync("vlans", "2", "sim1");
        Assert.Equal([2u], store.Load().Entries.Select(e => e.Key.Number));
    }

    [Fact]
    public async Task Batch_IsOneCommit()
    {
        using var gate = new KernelGate();
        using var store = new FailingStore();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap, store: store);
        gate.Close();
        var first = core.PutAsync("vlans", "1", "sim1");
        await gate.Reached;
        var rest = Enumerable.Range(2, 50).Select(i => core.PutAsync("vlans", $"{i}", "sim1")).ToList();
        var before = store.Commits;
        gate.Open();
        await Task.WhenAll([first, .. rest]);
        Assert.Equal(before + 1, store.Commits);
    }

    [Fact]
    public async Task Batch_CommandsThatDependOnEachOther_AreJudgedInOrder()
    {
        using var gate = new KernelGate();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap);
        gate.Close();
        var first = core.PutAsync("vlans", "99", "sim0");
        await gate.Reached;
        var created = core.PutAsync("vlans", "1", "sim1");
        var same = core.PutAsync("vlans", "1", "sim1");
        var deleted = core.Entries.DeleteAsync("vlans", "1", default, default);
        var again = core.PutAsync("vlans", "1", "sim2");
        var program = core.PutProgramAsync("counting", "count");
        var carried = core.PutAsync("vlans", "2", "sim3", "counting");
        var conflict = core.PutAsync("vlans", "3", "sim3");
        gate.Open();
        await first;
        Assert.Equal((true, false), ((await created).Created, (await same).Created));
        await deleted;
        Assert.True((await again).Created);
        await program;
        Assert.True((await carried).Created);
        Assert.Equal(ErrorCode.EgressProgramConflict, (await CoreFixture.FailsAsync(() => conflict)).Code);
    }

    [Fact]
    public async Task Batch_FillsTheDevmapExactly()
    {
        using var gate = new KernelGate();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap);
        gate.Close();
        var first = core.PutAsync("vlans", "99", "sim0");
        await gate.Reached;
        var puts = Enumerable.Range(0, 6).Select(i => core.PutAsync("plain", $"{i}", "sim1")).ToList();
        gate.Open();
        await first;
        await Task.WhenAll(puts.Take(4));
        foreach (var put in puts.Skip(4))
            Assert.Equal(ErrorCode.DevmapFull, (await CoreFixture.FailsAsync(() => put)).Code);
    }

    [Fact]
    public async Task Restart_KeepsRevisionsLabelsTimesAndPendingEntries()
    {
        var host = SimulatedHost.WithInterfaces();
        using var store = new MemoryStore();
        (string, string, EntrySpec?, long?, DateTimeOffset?, DateTimeOffset?) labelled;
        long revision;
        await using (var first = await CoreFixture.StartAsync(host, store: store))
        {
            var request = new EntrySpec("sim1", null, Labels.Of(new Dictionary<string, string> { ["owner"] = "cni" }), null);
            labelled = (await first.Entries.PutAsync("vlans", "1", request, false, RequestContext.OfDaemon())).View.DesiredPart();
            await first.PutAsync("vlans", "2", "later", allowPending: true);
            revision = first.List("vlans").Revision;
        }

        await using var second = await CoreFixture.StartAsync(host, store: store);
        Assert.Equal(labelled, second.Entries.Get("vlans", "1").DesiredPart());
        Assert.Equal(EntryState.Pending, second.Entries.Get("vlans", "2").Status.State);
        Assert.Equal(revision, second.List("vlans").Revision);
    }

    [Fact]
    public async Task Restart_KernelChangedMeanwhile_IsAsTheStoreWants()
    {
        var host = SimulatedHost.WithInterfaces();
        using var store = new MemoryStore();
        await using (var first = await CoreFixture.StartAsync(host, store: store))
        {
            await first.PutAsync("vlans", "1", "sim1");
            await first.PutAsync("vlans", "2", "sim1");
            await first.Attachments.PutAsync("vlans", "sim0", new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());
        }

        var map = host.Devmaps["vlans"];
        map.Remove(1);
        map.Set(2, new KernelEntry(host.Interfaces.Find("sim2")!.Ifindex, 0));
        map.Set(3, new KernelEntry(host.Interfaces.Find("sim3")!.Ifindex, 0));
        await using var second = await CoreFixture.StartAsync(host, store: store);
        Assert.Equal(["1", "2"], second.List("vlans").Entries.Select(e => e.Key));
        Assert.All(second.List("vlans").Entries, e => Assert.Equal(EntryState.Forwarding, e.Status.State));
        Assert.False(map.TryGet(3, out _));
    }

    [Fact]
    public async Task Restart_InterfaceCameBackWithAnIndexThatIsAKeyInUse_TheNamedEntryWaits()
    {
        var host = SimulatedHost.WithInterfaces();
        using var store = new MemoryStore();
        uint taken;
        await using (var first = await CoreFixture.StartAsync(host, store: store))
        {
            await first.PutAsync("ingress", "sim0", "sim2");
            taken = host.AddInterface("probe") + 1;
            await first.PutAsync("ingress", $"{taken}", "sim1");
        }

        host.RemoveInterface("sim0");
        Assert.Equal(taken, host.AddInterface("sim0"));
        await using var second = await CoreFixture.StartAsync(host, store: store);
        Assert.Equal(EntryState.Forwarding, second.Entries.Get("ingress", $"{taken}").Status.State);
        Assert.Equal(EntryState.Failed, second.List("ingress").Entries.Single(e => e.Key == "sim0").Status.State);
    }

    [Fact]
    public async Task Restart_NothingPinned_IsRebuiltFromTheStore()
    {
        using var store = new MemoryStore();
        await using (var first = await CoreFixture.StartAsync(store: store))
        {
            await first.PutProgramAsync("counting", "count");
            await first.PutAsync("vlans", "1", "sim1", "counting");
            await first.Attachments.PutAsync("vlans", "sim0", new AttachmentSpec(AttachMode.Generic), false, RequestContext.OfDaemon());
        }

        await using var rebooted = await CoreFixture.StartAsync(SimulatedHost.WithInterfaces(), store: store);
        Assert.Equal(EntryState.Forwarding, rebooted.Entries.Get("vlans", "1").Status.State);
        Assert.Equal(ControlPlane.Core.Model.AttachmentState.Attached, rebooted.Attachments.Get("vlans", "sim0").Status.State);
    }

    [Fact]
    public async Task Preconditions_AreCheckedBetweenAllOtherWrites()
    {
        await using var core = await CoreFixture.StartAsync();
        var revision = (await core.PutAsync("vlans", "1", "sim1", precondition: new Precondition(MustNotExist: true))).View.Revision!.Value;
        Assert.Equal(ErrorCode.AlreadyExists, await Fails(new Precondition(MustNotExist: true)));
        Assert.Equal(ErrorCode.RevisionMismatch, await Fails(new Precondition(revision + 1)));
        var changed = await core.PutAsync("vlans", "1", "sim2", precondition: new Precondition(revision));
        Assert.Equal(ErrorCode.RevisionMismatch, await Fails(new Precondition(revision)));
        await core.Entries.DeleteAsync("vlans", "1", new Precondition(changed.View.Revision!.Value), default);
        Assert.Equal(ErrorCode.RevisionMismatch, await Fails(new Precondition(MustExist: true)));

        async Task<ErrorCode> Fails(Precondition precondition) =>
            (await CoreFixture.FailsAsync(() => core.PutAsync("vlans", "1", "sim3", precondition: precondition))).Code;
    }

    private sealed class SettableTimeProvider : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
