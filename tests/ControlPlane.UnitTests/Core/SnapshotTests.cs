using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Simulation;
using ControlPlane.Storage;

namespace ControlPlane.UnitTests.Core;

/// <summary>Readers beside a busy writer see whole batches, and take nothing of the writer's for somebody else's.</summary>
public sealed class SnapshotTests
{
    private const int Swaps = 200;

    [Fact]
    public async Task Swap_ReadersBesideIt_SeeAllEntriesWithOneProgram()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutProgramAsync("seen", "count");
        for (var vlan = 1; vlan <= 40; vlan++)
        {
            await core.PutAsync("vlans", $"{vlan}", "sim0");
            await core.PutAsync("addresses", $"10.0.0.{vlan}", "sim0");
        }

        using var done = new CancellationTokenSource();
        var reading = Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            var answers = 0;
            for (; !done.IsCancellationRequested; answers++)
            {
                var snapshot = core.State.Current;
                var programs = snapshot.Devmaps.Values.SelectMany(d => d.Entries.All()).Select(e => e.Record.Spec.EgressProgram).ToHashSet();
                Assert.Single(programs);
                Assert.Equal(programs.Single() is null ? 0 : 80, snapshot.Programs["seen"].Entries);
                Assert.Single(core.List("vlans").Entries.Select(e => e.Spec!.EgressProgram).Distinct());
            }

            return answers;
        })));
        for (var i = 0; i < Swaps; i++)
            await core.Programs.SetOfInterfaceAsync("sim0", i % 2 == 0 ? "seen" : null, RequestContext.OfDaemon());
        await done.CancelAsync();

        Assert.All(await reading, answers => Assert.True(answers > 0));
    }

    [Fact]
    public async Task Batch_RefusedInPart_SnapshotHasTheRestAtOnce()
    {
        using var gate = new KernelGate { Refusal = new KernelException("bpf_map_update_elem", Errno.ENOMEM, "ENOMEM"), RefusedUpdate = 5 };
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap);
        gate.Close();
        var first = core.PutAsync("vlans", "99", "sim0");
        await gate.Reached;
        var puts = Enumerable.Range(1, 10).Select(i => core.PutAsync("vlans", $"{i}", "sim1")).ToList();
        var before = core.State.Current;
        gate.Open();
        await first;
        var seen = new HashSet<int>();
        while (!puts.TrueForAll(p => p.IsCompleted))
            seen.Add(core.State.Current.Devmaps["vlans"].Entries.Count);

        Assert.Equal(0, before.Devmaps["vlans"].Entries.Count);
        Assert.Equal(10, core.State.Current.Devmaps["vlans"].Entries.Count);
        Assert.Equal(1, puts.Count(p => p.IsFaulted));
        Assert.Subset(new HashSet<int> { 0, 1, 10 }, seen);
    }

    [Fact]
    public async Task Unmanaged_BesideABusyWriter_IsOnlyWhatOthersMade()
    {
        var host = SimulatedHost.WithInterfaces();
        await using var core = await CoreFixture.StartAsync(host);
        var devmap = core.State.Current.Devmaps["vlans"].Id;
        var map = core.State.Handles[devmap];
        host.Devmaps["vlans"].Set(1000, new KernelEntry(1, 0));
        using var done = new CancellationTokenSource();
        var reading = Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            var found = new HashSet<uint>();
            while (!done.IsCancellationRequested)
            {
                for (var key = 1u; key <= 20; key++)
                {
                    if (Unmanaged.Find(core.State, map, new ElementId(devmap, key)) is not null)
                        found.Add(key);
                }
            }

            return found;
        })));
        for (var round = 0; round < 100; round++)
        {
            await Task.WhenAll(Enumerable.Range(1, 20).Select(k => core.PutAsync("vlans", $"{k}", "sim1")));
            await Task.WhenAll(Enumerable.Range(1, 20).Select(k => core.Entries.DeleteAsync("vlans", $"{k}", default, default)));
        }

        await done.CancelAsync();

        Assert.All(await reading, Assert.Empty);
        Assert.Equal(new KernelEntry(1, 0), Unmanaged.Find(core.State, map, new ElementId(devmap, 1000)));
    }

    [Fact]
    public async Task Unmanaged_ElementOfTheBatchInFlight_IsNot()
    {
        using var gate = new KernelGate();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap);
        var devmap = core.State.Current.Devmaps["vlans"].Id;
        var id = new ElementId(devmap, 7);
        gate.Close();
        var put = core.PutAsync("vlans", "7", "sim1");
        await gate.Reached;
        core.Host.Devmaps["vlans"].Set(7, new KernelEntry(2, 0)); // as if the step had run

        Assert.True(core.State.InFlight.Contains(id));
        Assert.Null(Unmanaged.Find(core.State, core.State.Handles[devmap], id));
        gate.Open();
        await put;
        Assert.False(core.State.InFlight.Contains(id));
        Assert.Null(Unmanaged.Find(core.State, core.State.Handles[devmap], id));
    }

    [Fact]
    public async Task Put_SeveralReasons_AreReportedTogether()
    {
        await using var core = await CoreFixture.StartAsync();

        var error = await CoreFixture.FailsAsync(() => core.PutAsync("vlans", "1", "nope", "none"));

        Assert.Equal(ErrorCode.InterfaceNotFound, error.Code);
        Assert.Equal(["interface", "egressProgram"], error.Fields.Select(f => f.Field));
        Assert.Contains("'none'", error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Put_WhatIsStored_SucceedsInAnyStateOfTheInterface()
    {
        await using var core = await CoreFixture.StartAsync();
        var first = await core.PutAsync("vlans", "1", "sim1");
        await core.Attachments.PutAsync("vlans", "sim0", new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());
        core.Host.RemoveInterface("sim1");
        core.Host.RemoveInterface("sim0");

        var again = await core.PutAsync("vlans", "1", "sim1");
        var attachment = await core.Attachments.PutAsync("vlans", "sim0", new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());

        Assert.Equal((false, first.View.Revision, EntryState.Pending), (again.Created, again.View.Revision, again.View.Status.State));
        Assert.Equal((false, AttachmentState.Pending), (attachment.Created, attachment.View.Status.State));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Put_TargetGoesWhileTheStoreIsWritten_IsPendingOrRefused(bool allowPending)
    {
        using var store = new ActingStore();
        await using var core = await CoreFixture.StartAsync(store: store);
        await core.PutAsync("vlans", "1", "sim1");
        store.OnCommit = () => core.Host.RemoveInterface("sim1");
        var labels = new Dictionary<string, string> { ["changed"] = "yes" };
        var put = () => core.Entries.PutAsync("vlans", "1", new EntrySpec("sim1", null, Labels.Of(labels), null), allowPending, RequestContext.OfDaemon());

        if (allowPending)
            Assert.Equal(EntryState.Pending, (await put()).View.Status.State);
        else
            Assert.Equal(ErrorCode.InterfaceNotFound, (await CoreFixture.FailsAsync(put)).Code);
        Assert.Equal(allowPending ? 1 : 0, core.Entries.Get("vlans", "1").Spec!.Labels.Count);
        Assert.Equal(allowPending ? 1 : 0, store.Load().Entries.Single().Spec.Labels.Count);
    }

    /// <summary>A store that does something at its next commit.</summary>
    private sealed class ActingStore : IStore
    {
        private readonly MemoryStore _inner = new();

        public Action? OnCommit { get; set; }

        public StoredState Load() => _inner.Load();

        public void Commit(StoreBatch batch)
        {
            _inner.Commit(batch);
            var act = OnCommit;
            OnCommit = null;
            act?.Invoke();
        }

        public void Dispose() => _inner.Dispose();
    }
}
