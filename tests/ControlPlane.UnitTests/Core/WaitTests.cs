using System.Runtime.CompilerServices;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;
using ControlPlane.Core.Waiting;
using ControlPlane.TestCommon.Lab;
using Microsoft.Extensions.Time.Testing;

namespace ControlPlane.UnitTests.Core;

/// <summary>Calls that are answered when entries forward, or when their time is over.</summary>
public sealed class WaitTests
{
    private const int Many = 1000;

    // Long enough that a wait that does not end fails the test by its deadline.
    private static readonly WaitOptions Forwarding = new(WaitState.Forwarding, WaitOptions.MaxTimeout);

    private static readonly WaitOptions Now = new(WaitState.Forwarding, TimeSpan.Zero);

    [Fact]
    public async Task Put_InterfaceComes_IsAnsweredWithTheEntryAsItIsThen()
    {
        await using var core = await CoreFixture.StartAsync();
        var putting = PutAsync(core, "1", "late0", Forwarding);
        await Eventually.Async(() => core.State.Current.Devmap("vlans").Entries.Count == 1);
        await core.PutAsync("vlans", "2", "sim1");
        Assert.False(putting.IsCompleted);

        core.Host.AddInterface("late0");

        var outcome = await putting.WaitAsync(Deadline());
        Assert.Equal((true, EntryState.Forwarding, true), (outcome.Created, outcome.View.Status.State, outcome.Wait!.IsSatisfied));
        Assert.Empty(outcome.Wait.Unsatisfied);
    }

    [Fact]
    public async Task Put_FactThatTheWriterDoesNotFollow_IsSeen()
    {
        await using var core = await CoreFixture.StartAsync();
        core.Host.ChangeInterface("sim1", i => i with { IsUp = false });
        var putting = PutAsync(core, "1", "sim1", Forwarding);
        await Eventually.Async(() => core.State.Current.Devmap("vlans").Entries.Count == 1);

        core.Host.ChangeInterface("sim1", i => i with { IsUp = true });

        Assert.True((await putting.WaitAsync(Deadline())).Wait!.IsSatisfied);
    }

    [Fact]
    public async Task Put_TimeIsOver_HasWrittenAndSaysWhy()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        await using var core = await CoreFixture.StartAsync(time: time);
        var putting = PutAsync(core, "1", "late0", new WaitOptions(WaitState.Forwarding));
        await Eventually.Async(() => core.State.Current.Devmap("vlans").Entries.Count == 1);
        var started = time.GetUtcNow();
        await Eventually.Async(() =>
        {
            time.Advance(TimeSpan.FromMilliseconds(200));
            return putting.IsCompleted;
        });

        var outcome = await putting;

        Assert.True(time.GetUtcNow() - started >= WaitOptions.DefaultTimeout);
        Assert.Equal((true, EntryState.Pending, false), (outcome.Created, outcome.View.Status.State, outcome.Wait!.IsSatisfied));
        var entry = Assert.Single(outcome.Wait.Unsatisfied);
        Assert.Equal(("vlans", "1", EntryState.Pending, "NoSuchInterface"), (entry.Devmap, entry.Key, entry.State, entry.Condition!.Reason));
    }

    [Fact]
    public async Task Put_EntryIsDeletedMeanwhile_IsNotSatisfied()
    {
        await using var core = await CoreFixture.StartAsync();
        var putting = PutAsync(core, "1", "late0", new WaitOptions(WaitState.Forwarding, TimeSpan.FromSeconds(1)));
        await Eventually.Async(() => core.State.Current.Devmap("vlans").Entries.Count == 1);
        await core.Entries.DeleteAsync("vlans", "1", default, default);
        core.Host.AddInterface("late0");

        var outcome = await putting.WaitAsync(Deadline());

        Assert.False(outcome.Wait!.IsSatisfied);
        Assert.Equal(new UnsatisfiedEntry("vlans", "1", null, null), Assert.Single(outcome.Wait.Unsatisfied));
    }

    [Fact]
    public async Task Put_OthersWriteTheEntryMeanwhile_ShowsTheirs()
    {
        await using var core = await CoreFixture.StartAsync();
        var putting = PutAsync(core, "1", "late0", Forwarding);
        await Eventually.Async(() => core.State.Current.Devmap("vlans").Entries.Count == 1);
        var theirs = await core.PutAsync("vlans", "1", "sim2");

        var outcome = await putting.WaitAsync(Deadline());

        Assert.Equal(("sim2", theirs.View.Revision), (outcome.View.Spec!.Interface, outcome.View.Revision));
    }

    [Fact]
    public async Task Put_DaemonStops_SaysThatTheWriteHasHappened()
    {
        await using var core = await CoreFixture.StartAsync();
        var putting = PutAsync(core, "1", "late0", Forwarding);
        await Eventually.Async(() => core.State.Current.Devmap("vlans").Entries.Count == 1);

        await core.Writer.StopAsync(TimeSpan.FromSeconds(5));

        Assert.False((await putting.WaitAsync(Deadline())).Wait!.IsSatisfied);
    }

    [Fact]
    public async Task Wait_DaemonStops_Fails()
    {
        await using var core = await CoreFixture.StartAsync();
        var waiting = WaitAsync(core, Forwarding);
        await core.Writer.StopAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(ErrorCode.ShuttingDown, (await CoreFixture.FailsAsync(() => waiting.WaitAsync(Deadline()))).Code);
    }

    [Fact]
    public async Task Wait_CallerGoes_Ends()
    {
        await using var core = await CoreFixture.StartAsync();
        using var caller = new CancellationTokenSource();
        var waiting = core.Waits.WaitAsync(new WaitQuery(), Forwarding, RequestContext.OfDaemon(caller.Token));
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Deadline()));
    }

    [Fact]
    public async Task Wait_FirstEntryComes_IsSatisfied()
    {
        await using var core = await CoreFixture.StartAsync();
        var empty = await WaitAsync(core, Now);
        Assert.Equal((false, 0), (empty.WaitSatisfied, empty.Selected));
        var waiting = WaitAsync(core, Forwarding);

        await core.PutAsync("vlans", "1", "sim1");

        var outcome = await waiting.WaitAsync(Deadline());
        Assert.Equal((true, 1), (outcome.WaitSatisfied, outcome.Selected));
    }

    [Fact]
    public async Task Wait_RevisionComes_IsSatisfied()
    {
        await using var core = await CoreFixture.StartAsync();
        var revision = (await core.PutAsync("vlans", "1", "sim1")).View.Revision!.Value;
        var waiting = WaitAsync(core, Forwarding, new WaitQuery(Revision: revision + 1));
        Assert.True((await WaitAsync(core, Now, new WaitQuery(Revision: revision))).WaitSatisfied);
        Assert.False(waiting.IsCompleted);

        await core.PutAsync("addresses", "10.0.0.7", "sim1");

        Assert.True((await waiting.WaitAsync(Deadline())).Revision > revision);
    }

    [Fact]
    public async Task Wait_EntryThatForwardedGoesDown_IsNotSatisfied()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutAsync("vlans", "1", "sim1");
        await core.PutAsync("vlans", "2", "late0", allowPending: true);
        var waiting = WaitAsync(core, Forwarding);
        core.Host.ChangeInterface("sim1", i => i with { IsUp = false });
        core.Host.AddInterface("late0");
        await Eventually.Async(() => core.Entries.Get("vlans", "2").Status.State == EntryState.Forwarding);
        Assert.Equal(["1"], (await WaitAsync(core, Now)).Unsatisfied.Select(u => u.Key));
        Assert.False(waiting.IsCompleted);

        core.Host.ChangeInterface("sim1", i => i with { IsUp = true });

        Assert.True((await waiting.WaitAsync(Deadline())).WaitSatisfied);
    }

    [Fact]
    public async Task Wait_ManyDoNotForward_NamesAHundredAndCountsAll()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.ReplaceAsync("addresses", Entries(Many, _ => "late0"), new ReplaceOptions(AllowPending: true));

        var outcome = await WaitAsync(core, Now);

        Assert.Equal((false, Many, WaitOptions.MaxUnsatisfied), (outcome.WaitSatisfied, outcome.Selected, outcome.Unsatisfied.Count));
        Assert.Distinct(outcome.Unsatisfied.Select(u => u.Key));
        core.Host.AddInterface("late0");
        Assert.True((await WaitAsync(core, Forwarding).WaitAsync(Deadline())).WaitSatisfied);
    }

    [Fact]
    public async Task Wait_ChangesOfOthers_DoNotWalkTheSelectionAgain()
    {
        using var gate = new KernelGate();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap);
        await core.ReplaceAsync("addresses", Entries(Many, i => i == Many - 1 ? "late0" : "sim1"), new ReplaceOptions(AllowPending: true));
        var before = gate.Lookups;
        var waiting = WaitAsync(core, Forwarding, new WaitQuery(["addresses"]));
        await Eventually.Async(() => gate.Lookups >= before + Many - 1);
        before = gate.Lookups;

        for (var i = 0; i < 50; i++)
        {
            await core.PutAsync("vlans", $"{1 + i}", "sim1");
            await Task.Yield();
        }

        Assert.False(waiting.IsCompleted);
        Assert.True(gate.Lookups - before < Many, $"{gate.Lookups - before} lookups");
        core.Host.AddInterface("late0");
        Assert.True((await waiting.WaitAsync(Deadline())).WaitSatisfied);
    }

    [Fact]
    public async Task Wait_HoldsNoSnapshot()
    {
        using var gate = new KernelGate();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap);
        await core.ReplaceAsync("addresses", Entries(Many, _ => "late0"), new ReplaceOptions(AllowPending: true));
        var before = gate.Lookups;
        var (waiting, putting) = (WaitAsync(core, Forwarding), PutAsync(core, "1", "late0", Forwarding));
        await Eventually.Async(() => gate.Lookups >= before + WaitOptions.MaxUnsatisfied && core.State.Current.Devmap("vlans").Entries.Count == 1);
        var snapshot = TakeSnapshot(core);

        await Eventually.Async(async () =>
        {
            await core.PutAsync("vlans", "2", "sim1", allowPending: true);
            await core.Entries.DeleteAsync("vlans", "2", default, default);
            GC.Collect();
            return !snapshot.TryGetTarget(out _);
        });

        Assert.False(waiting.IsCompleted || putting.IsCompleted);
    }

    [Fact]
    public async Task Batch_WaitsForWhatItHasPut_AndARepeatWaitsAgain()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutAsync("vlans", "9", "late1", allowPending: true);
        BatchItem[] items =
        [
            new(new("vlans", "1", new EntrySpec("sim1"), null), null), new(new("vlans", "2", new EntrySpec("late0"), null), null),
            new(new("vlans", "bad", new EntrySpec("late1"), null), null), new(null, new("vlans", "9", null)),
        ];
        var written = 0;
        var first = ApplyAsync(Forwarding);
        await Eventually.Async(() => core.State.Current.Devmap("vlans").Entries.Count == 2);
        core.Host.AddInterface("late0");

        var outcome = await first.WaitAsync(Deadline());

        Assert.Equal((true, 1), (outcome.WaitSatisfied, written));
        Assert.Equal([EntryState.Forwarding, EntryState.Forwarding, null, null], outcome.Results.Select(r => r.State));
        core.Host.RemoveInterface("late0");
        await Eventually.Async(() => core.Entries.Get("vlans", "2").Status.State == EntryState.Pending);
        var again = await ApplyAsync(Now);
        Assert.Equal((false, outcome.Revision), (again.WaitSatisfied, again.Revision));
        Assert.Equal("2", Assert.Single(again.Unsatisfied).Key);
        Assert.Null((await ApplyAsync(WaitOptions.None)).WaitSatisfied);

        Task<BatchOutcome> ApplyAsync(WaitOptions wait) => core.Batches.ApplyAsync(
            new EntryBatch(BatchMode.Independent, items), true, "sync-1", RequestContext.OfDaemon(), wait, () => written++);
    }

    [Fact]
    public async Task Table_WaitsForItsScope_WhoeverWritesIt()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutAsync("vlans", "9", "late1", allowPending: true);
        var replacing = ReplaceAsync(Forwarding, "late0");
        await Eventually.Async(() => core.State.Current.Devmap("vlans").Entries.Count == 2);
        await core.Entries.PutAsync("vlans", "3", new EntrySpec("late1", null, Labels.Empty, "cni"), true, RequestContext.OfDaemon());
        core.Host.AddInterface("late0");
        await Eventually.Async(() => core.Entries.Get("vlans", "1").Status.State == EntryState.Forwarding);
        Assert.False(replacing.IsCompleted);
        await core.Entries.DeleteAsync("vlans", "3", default, default, owner: "cni");

        var outcome = await replacing.WaitAsync(Deadline());

        Assert.Equal((true, 1), (outcome.WaitSatisfied, outcome.Created));
        var late = await ReplaceAsync(Now, "late2");
        Assert.Equal((false, false, 1), (late.WaitSatisfied, late.Truncated, late.Changed));
        Assert.Equal(("1", EntryState.Pending), Assert.Single(late.NotForwarding) is var problem ? (problem.Key, problem.State) : default);
        Assert.Equal("1", Assert.Single(late.Unsatisfied).Key);
        Assert.Null((await ReplaceAsync(WaitOptions.None, "late2")).WaitSatisfied);

        Task<ReplaceOutcome> ReplaceAsync(WaitOptions wait, string target) => core.Tables.ReplaceAsync(
            "vlans", new DesiredEntries([new("1", new EntrySpec(target), null)]), new ReplaceOptions(Owner: "cni", AllowPending: true), RequestContext.OfDaemon(), wait);
    }

    [Theory]
    [InlineData("30s", 300_000_000L)]
    [InlineData("0s", 0L)]
    [InlineData("300s", 3_000_000_000L)]
    [InlineData("1.5s", 15_000_000L)]
    [InlineData("0.0000001s", 1L)]
    [InlineData("301s", -1L)]
    [InlineData("-1s", -1L)]
    [InlineData("5m", -1L)]
    [InlineData("30", -1L)]
    [InlineData("s", -1L)]
    [InlineData("1e2s", -1L)]
    [InlineData(" 1s", -1L)]
    [InlineData("99999999999999999999999999999999s", -1L)]
    public void Timeout_IsSeconds(string text, long ticks)
    {
        var violations = new Violations();
        var timeout = WaitOptions.ReadTimeout(text, violations);
        Assert.Equal(ticks == -1, violations.Has("timeout"));
        Assert.Equal(ticks, timeout?.Ticks ?? -1);
    }

    private static Task<PutOutcome<Entry>> PutAsync(CoreFixture core, string key, string target, WaitOptions wait) =>
        core.Entries.PutAsync("vlans", key, new EntrySpec(target), true, RequestContext.OfDaemon(), wait);

    private static Task<WaitOutcome> WaitAsync(CoreFixture core, WaitOptions wait, WaitQuery? query = null) =>
        core.Waits.WaitAsync(query ?? new WaitQuery(), wait, RequestContext.OfDaemon());

    private static DesiredEntry[] Entries(int count, Func<int, string> target) =>
        [.. Enumerable.Range(0, count).Select(i => new DesiredEntry($"10.0.{i / 256}.{i % 256}", new EntrySpec(target(i)), null))];

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference<Snapshot> TakeSnapshot(CoreFixture core) => new(core.State.Current);

    private static TimeSpan Deadline() => Patience.OfSeconds(30);
}
