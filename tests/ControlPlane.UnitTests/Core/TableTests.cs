using System.Globalization;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Watching;
using ControlPlane.TestCommon.Lab;
using ControlPlane.UnitTests.Core.Watching;
using Microsoft.Extensions.Time.Testing;

namespace ControlPlane.UnitTests.Core;

/// <summary>Writes of a whole table, or of a part of one.</summary>
public sealed class TableTests
{
    [Fact]
    public async Task Replace_WritesTheDifference_UnderOneRevision()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutAsync("vlans", "1", "sim0");
        var kept = (await core.PutAsync("vlans", "2", "sim0")).View;
        await core.PutAsync("vlans", "3", "sim0");
        var other = (await core.PutAsync("addresses", "10.0.0.7", "sim2")).View.Revision!.Value;

        var outcome = await core.ReplaceAsync("vlans", [Entry("1", "sim1"), Entry("2", "sim0"), Entry("4", "sim2")]);

        Assert.Equal((1, 1, 1, 1, other + 1), (outcome.Created, outcome.Changed, outcome.Deleted, outcome.Unchanged, outcome.Revision));
        Assert.Equal(["1 sim1", "2 sim0", "4 sim2"], Described(core, "vlans"));
        Assert.Equal([outcome.Revision, kept.Revision!.Value, outcome.Revision], new[] { "1", "2", "4" }.Select(k => core.Entries.Get("vlans", k).Revision!.Value));
        Assert.False(core.Host.Devmaps["vlans"].TryGet(3, out _));
        Assert.Equal((false, null), (outcome.Truncated, outcome.Error));
        Assert.Empty(outcome.Plan);
        Assert.Empty(outcome.NotForwarding);
    }

    [Fact]
    public async Task Repeat_ChangesNothing()
    {
        await using var core = await CoreFixture.StartAsync();
        DesiredEntry[] table = [Entry("1", "sim1", "cni"), Entry("2", "sim0"), Entry("3", "sim2")];
        var first = await core.ReplaceAsync("vlans", table);
        var second = await core.ReplaceAsync("vlans", table);
        Assert.Equal((3, 0), (first.Created, first.Unchanged));
        Assert.Equal((0, 0, 0, 3, first.Revision), (second.Created, second.Changed, second.Deleted, second.Unchanged, second.Revision));
        Assert.Equal(first.Revision, core.State.Current.Revision);
    }

    [Fact]
    public async Task Rehearsal_TakesItsTimeAndChangesNothing()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var core = await CoreFixture.StartAsync(time: time);
        await core.PutAsync("vlans", "1", "sim0");
        var before = core.State.Current.Revision;

        var call = core.ReplaceAsync("vlans", [Entry("1", "sim1"), Entry("2", "sim0")], new ReplaceOptions(Rehearse: ReplaceOptions.MinRehearsal));
        var outcome = await PassAsync(time, call);

        Assert.Equal((1, 1, before), (outcome.Created, outcome.Changed, core.State.Current.Revision));
        Assert.Equal(["1 sim0"], Described(core, "vlans"));
        Assert.True(outcome.Rehearsal!.DurationMs >= 1000);
        Assert.All(outcome.Plan, c => Assert.Equal(new RehearsedTraffic(0, 0), c.Rehearsed));
    }

    [Fact]
    public async Task Rehearsal_IsCutOffByOtherSettingsOfTheDevmap()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var core = await CoreFixture.StartAsync(time: time);
        await core.Devmaps.PutAsync("blue", new DevmapSpec(64, KeySelector: KeySelector.Vlan), RequestContext.OfDaemon());
        var call = core.ReplaceAsync("blue", [Entry("1", "sim1")], new ReplaceOptions(Rehearse: ReplaceOptions.MinRehearsal));
        await Eventually.Async(() => core.Rehearsals.IsUnderWay);

        await core.Devmaps.PutAsync("blue", new DevmapSpec(64, KeySelector: KeySelector.Vlan, MissAction: MissAction.Drop), RequestContext.OfDaemon());

        Assert.Equal(ErrorCode.WriterBusy, (await CoreFixture.FailsAsync(() => PassAsync(time, call))).Code);
    }

    [Fact]
    public async Task SecondRehearsal_IsRefusedUntilTheFirstIsCancelled()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var core = await CoreFixture.StartAsync(time: time);
        using var gone = new CancellationTokenSource();
        var options = new ReplaceOptions(Rehearse: TimeSpan.FromSeconds(30));
        var first = core.Tables.ReplaceAsync("vlans", new DesiredEntries([]), options, RequestContext.OfDaemon(gone.Token));
        await Eventually.Async(() => core.Rehearsals.IsUnderWay);

        var refusal = await CoreFixture.FailsAsync(() => core.ReplaceAsync("vlans", [], options));

        Assert.Equal(ErrorCode.WriterBusy, refusal.Code);
        Assert.InRange(refusal.RetryAfter!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));

        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await PassAsync(time, core.ReplaceAsync("vlans", [], options));
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(301)]
    public async Task Rehearsal_IsOfOneSecondToFiveMinutes(double seconds)
    {
        await using var core = await CoreFixture.StartAsync();
        var error = (await Assert.ThrowsAsync<ControlPlaneException>(
            () => core.ReplaceAsync("vlans", [], new ReplaceOptions(Rehearse: TimeSpan.FromSeconds(seconds))))).Error;
        Assert.Equal("rehearse", Assert.Single(error.Fields).Field);
    }

    [Fact]
    public async Task Scope_OfAnOwner_LeavesOthersAndGivesItsOwner()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutAsync("vlans", "1", "sim0");
        await core.ReplaceAsync("vlans", [Entry("2", "sim0"), Entry("3", "sim0")], new ReplaceOptions(Owner: "cni"));

        var outcome = await core.ReplaceAsync("vlans", [Entry("3", "sim1"), Entry("4", "sim1", "cni")], new ReplaceOptions(Owner: "cni"));

        Assert.Equal((1, 1, 1, 0), (outcome.Created, outcome.Changed, outcome.Deleted, outcome.Unchanged));
        Assert.Equal(["1 sim0", "3 sim1", "4 sim1"], Described(core, "vlans"));
        Assert.Equal([null, "cni", "cni"], new[] { "1", "3", "4" }.Select(k => core.Entries.Get("vlans", k).Spec!.Owner));
    }

    [Fact]
    public async Task Scope_OfLabels_GivesItsLabels()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutAsync("vlans", "1", "sim0");
        var scope = new ReplaceOptions(Labels: ["pod=a", "tier=web"]);
        await core.ReplaceAsync("vlans", [Entry("2", "sim0"), Entry("3", "sim0", labels: ("pod", "a"))], scope);
        await core.ReplaceAsync("vlans", [Entry("9", "sim0")], new ReplaceOptions(Labels: ["pod=b"]));

        var outcome = await core.ReplaceAsync("vlans", [Entry("3", "sim0", labels: ("note", "x"))], scope);

        Assert.Equal((0, 1, 1), (outcome.Created, outcome.Changed, outcome.Deleted));
        Assert.Equal(["1 sim0", "3 sim0", "9 sim0"], Described(core, "vlans"));
        Assert.Equal("{note=x, pod=a, tier=web}", core.Entries.Get("vlans", "3").Spec!.Labels.ToString());
        var error = await CoreFixture.FailsAsync(() => core.ReplaceAsync("vlans", [Entry("3", "sim0", labels: ("pod", "b"))], scope));
        Assert.Equal((ErrorCode.InvalidArgument, "entries[0].spec.labels.pod"), (error.Code, error.Fields.Single().Field));
    }

    [Fact]
    public async Task EntriesOfOthers_NeedForce()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.ReplaceAsync("vlans", [Entry("1", "sim0", "a"), Entry("2", "sim0", "b"), Entry("3", "sim0"), Entry("4", "sim0", "b")]);

        // The owner of an entry that stays as it is does not matter.
        var error = await CoreFixture.FailsAsync(() => core.ReplaceAsync("vlans", [Entry("1", "sim0"), Entry("2", "sim1"), Entry("3", "sim1")], new ReplaceOptions(Owner: "a")));
        Assert.Equal((ErrorCode.OwnedByOther, "devmaps/vlans/entries/2"), (error.Code, error.Resource));
        Assert.Equal(["entries[1]", "entries[2]"], error.Fields.Select(f => f.Field));
        // A scope without an owner has the entries of all, and they have their owners.
        error = await CoreFixture.FailsAsync(() => core.ReplaceAsync("vlans", [Entry("1", "sim1", "a"), Entry("2", "sim0", "b"), Entry("3", "sim0")]));
        Assert.Equal((ErrorCode.OwnedByOther, "entries"), (error.Code, error.Fields.Single().Field));
        Assert.Equal(["1 sim0", "2 sim0", "3 sim0", "4 sim0"], Described(core, "vlans"));

        var forced = await core.ReplaceAsync("vlans", [Entry("2", "sim1"), Entry("3", "sim1")], new ReplaceOptions(Owner: "a", Force: true));
        Assert.Equal((0, 2, 1), (forced.Created, forced.Changed, forced.Deleted));
        Assert.Equal(["2 sim1", "3 sim1", "4 sim0"], Described(core, "vlans"));
        Assert.Equal("a", core.Entries.Get("vlans", "3").Spec!.Owner);
    }

    [Theory]
    [InlineData(11, null, true)]
    [InlineData(10, null, false)]
    [InlineData(11, 11, false)]
    [InlineData(1, 0, true)]
    public async Task Deletions_AreLimited(int deletions, int? allowed, bool isRefused)
    {
        await using var core = await CoreFixture.StartAsync();
        DesiredEntry[] table = [.. Enumerable.Range(1, 100).Select(i => Entry($"{i}", "sim0"))];
        await core.ReplaceAsync("vlans", table);
        var less = core.ReplaceAsync("vlans", table[deletions..], new ReplaceOptions(AllowDeletions: allowed));
        if (!isRefused)
        {
            Assert.Equal(deletions, (await less).Deleted);
            return;
        }

        var error = await CoreFixture.FailsAsync(() => less);
        Assert.Equal((ErrorCode.TooManyDeletions, "entries"), (error.Code, error.Fields.Single().Field));
        Assert.Contains($"allowDeletions={deletions}", error.Remedy!.Summary, StringComparison.Ordinal);
        Assert.Equal(100, core.State.Current.Devmap("vlans").Entries.Count);
    }

    [Fact]
    public async Task Deletions_OfATwentiethOfTheScope_AreAllowed()
    {
        await using var core = await CoreFixture.StartAsync();
        DesiredEntry[] table = [.. Enumerable.Range(1, 400).Select(i => Entry($"{i}", "sim0"))];
        await core.ReplaceAsync("vlans", table);
        Assert.Equal(ErrorCode.TooManyDeletions, (await CoreFixture.FailsAsync(() => core.ReplaceAsync("vlans", table[21..]))).Code);
        Assert.Equal(20, (await core.ReplaceAsync("vlans", table[20..])).Deleted);
    }

    [Fact]
    public async Task DryRun_SaysWhatWouldHappen_AndChangesNothing()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.Attachments.PutAsync("vlans", "sim3", new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());
        await core.ReplaceAsync("vlans", [Entry("1", "sim0", "a"), Entry("2", "sim0"), Entry("3", "sim0", "a")]);
        var (revision, desired) = (core.State.Current.Revision, Described(core, "vlans"));

        var plan = await core.ReplaceAsync(
            "vlans", [Entry("3", "sim0"), Entry("1", "sim1"), Entry("4", "sim1"), Entry("5", "late0")], new ReplaceOptions(Owner: "a", DryRun: true, AllowPending: true, AllowDeletions: 0));

        Assert.Equal((2, 1, 0, 1, revision), (plan.Created, plan.Changed, plan.Deleted, plan.Unchanged, plan.Revision));
        Assert.Equal(
            ["1 Change Forwarding sim0 sim1", "4 Create Forwarding  sim1", "5 Create Pending  late0"],
            plan.Plan.Select(c => $"{c.Key} {c.Action} {c.State} {c.Before?.Interface} {c.Spec?.Interface}"));
        Assert.Equal(["a", "a", "a"], plan.Plan.Select(c => c.Spec!.Owner));
        Assert.Equal(("InterfacePresent", null), (plan.Plan[2].Condition!.Type.Name, plan.Plan[2].Condition!.LastTransitionTime));
        Assert.Equal((revision, null), (core.State.Current.Revision, plan.Error));
        Assert.Equal(desired, Described(core, "vlans"));
        Assert.Equal(plan.Plan[1].State, (await core.PutAsync("vlans", "4", "sim1")).View.Status.State);
    }

    [Fact]
    public async Task DryRun_OfARefusedCall_HasThePlanAndTheReason()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.ReplaceAsync("vlans", [.. Enumerable.Range(1, 30).Select(i => Entry($"{i}", "sim0"))]);

        var plan = await core.ReplaceAsync("vlans", [Entry("1", "sim1")], new ReplaceOptions(DryRun: true));
        Assert.Equal((1, 29, "too_many_deletions"), (plan.Changed, plan.Deleted, plan.Error!.Code));
        Assert.Equal(Enumerable.Repeat(PlannedAction.Delete, 29).Append(PlannedAction.Change), plan.Plan.Select(c => c.Action));
        Assert.All(plan.Plan, c => Assert.Equal("sim0", c.Before!.Interface));

        plan = await core.ReplaceAsync("vlans", [Entry("1", "sim1")], new ReplaceOptions(Owner: "a", DryRun: true));
        Assert.Equal(("owned_by_other", "entries[0]"), (plan.Error!.Code, plan.Error.Errors.Single().Field));
        var error = await CoreFixture.FailsAsync(() => core.ReplaceAsync("vlans", [Entry("1", "never0")], new ReplaceOptions(DryRun: true)));
        Assert.Equal((ErrorCode.InterfaceNotFound, "entries[0].spec.interface"), (error.Code, error.Fields.Single().Field));
    }

    [Fact]
    public async Task DryRun_OfAHugePlan_IsCut()
    {
        await using var core = await CoreFixture.StartAsync(devmaps: [Large]);
        DesiredEntry[] table = [.. Enumerable.Range(0, 12_000).Select(i => Entry($"{i}", "sim1"))];
        var plan = await core.ReplaceAsync("large", table, new ReplaceOptions(DryRun: true));
        Assert.Equal((12_000, true), (plan.Created, plan.Truncated));
        Assert.InRange(plan.Plan.Count, 5_000, ReplaceOutcome.MaxPlan);
    }

    [Fact]
    public async Task EntriesThatDoNotForward_AreNamed()
    {
        await using var core = await CoreFixture.StartAsync();
        var outcome = await core.ReplaceAsync("vlans", [Entry("1", "late0"), Entry("2", "sim0")], new ReplaceOptions(AllowPending: true));
        var problem = Assert.Single(outcome.NotForwarding);
        Assert.Equal(("1", EntryState.Pending, "InterfacePresent"), (problem.Key, problem.State, problem.Condition.Type.Name));

        outcome = await core.ReplaceAsync("vlans", [.. Enumerable.Range(1, 120).Select(i => Entry($"{i}", "late0"))], new ReplaceOptions(AllowPending: true));
        Assert.Equal((100, true), (outcome.NotForwarding.Count, outcome.Truncated));
    }

    [Fact]
    public async Task InvalidEntries_AreNamedWithTheirFields()
    {
        await using var core = await CoreFixture.StartAsync();
        DesiredEntry[] table =
        [
            null!, new(null!, null!, null), new("", new(null!), null), new("abc", new("a b", "A B"), -1), new("7", new("sim0") { Owner = "other" }, null),
        ];
        var error = await CoreFixture.FailsAsync(() => core.ReplaceAsync("vlans", table, new ReplaceOptions(Owner: "me")));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Equal(
            [
                "entries[0].key", "entries[0].spec.interface", "entries[1].key", "entries[1].spec.interface", "entries[2].key", "entries[2].spec.interface",
                "entries[3].expectedRevision", "entries[3].key", "entries[3].spec.egressProgram", "entries[3].spec.interface", "entries[4].spec.owner",
            ],
            error.Fields.Select(f => f.Field).Order(StringComparer.Ordinal));
        error = await CoreFixture.FailsAsync(() => core.ReplaceAsync("vlans", null!, new ReplaceOptions(Owner: "a b", Labels: ["x", "a=1", "a=2"], AllowDeletions: -1)));
        Assert.Equal(["allowDeletions", "entries", "label", "label", "owner"], error.Fields.Select(f => f.Field).Order(StringComparer.Ordinal));
        error = await CoreFixture.FailsAsync(() => core.ReplaceAsync("plain", [.. Enumerable.Range(1, 5).Select(i => Entry($"{i}", "sim0"))]));
        Assert.Equal((ErrorCode.InvalidArgument, "entries"), (error.Code, error.Fields.Single().Field));
        Assert.Equal(ErrorCode.DevmapNotFound, (await CoreFixture.FailsAsync(() => core.ReplaceAsync("never", []))).Code);
    }

    [Fact]
    public async Task RefusedEntries_AreNamedAndNothingChanges()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutProgramAsync("one", "count");
        var known = (await core.PutAsync("vlans", "1", "sim0")).View.Revision;
        await core.PutAsync("addresses", "10.0.0.1", "sim2", "one");

        var error = await CoreFixture.FailsAsync(() => core.ReplaceAsync(
            "vlans",
            [
                Entry("1", "sim0") with { ExpectedRevision = 99 }, Entry("2", "never0"), Entry("3", "sim2"), Entry("4", "sim1") with { ExpectedRevision = 5 },
                new("5", new EntrySpec("sim3", "never"), null), Entry("1", "sim0") with { ExpectedRevision = 0 },
            ]));

        Assert.Equal("entries[5].key", Assert.Single(error.Fields).Field);
        error = await CoreFixture.FailsAsync(() => core.ReplaceAsync(
            "vlans",
            [
                Entry("1", "sim0") with { ExpectedRevision = 99 }, Entry("2", "never0"), Entry("3", "sim2"), Entry("4", "sim1") with { ExpectedRevision = 5 },
                new("5", new EntrySpec("sim3", "never"), null),
            ]));
        Assert.Equal(
            ["entries[0]", "entries[1].spec.interface", "entries[2].spec.egressProgram", "entries[3]", "entries[4].spec.egressProgram"],
            error.Fields.Select(f => f.Field).Order(StringComparer.Ordinal));
        Assert.Equal(known, core.Entries.Get("vlans", "1").Revision);
        Assert.Equal(["1 sim0"], Described(core, "vlans"));
    }

    [Fact]
    public async Task EntryNamedTwice_IsRefused()
    {
        await using var core = await CoreFixture.StartAsync();
        var number = core.Host.Interfaces.Find("sim1")!.Ifindex.ToString(CultureInfo.InvariantCulture);
        await core.PutAsync("ingress", "sim1", "sim0");
        foreach (var table in new[] { new[] { Entry("sim1", "sim0"), Entry(number, "sim2") }, [Entry(number, "sim2"), Entry("sim1", "sim0")] })
        {
            var error = await CoreFixture.FailsAsync(() => core.ReplaceAsync("ingress", table));
            Assert.Equal((ErrorCode.InvalidArgument, "entries[1].key"), (error.Code, error.Fields.Single().Field));
        }
    }

    [Fact]
    public async Task FullDevmap_IsReplacedWhole()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.ReplaceAsync("plain", [.. Enumerable.Range(1, 4).Select(i => Entry($"{i}", "sim0"))]);
        var outcome = await core.ReplaceAsync("plain", [Entry("4", "sim1"), .. Enumerable.Range(11, 3).Select(i => Entry($"{i}", "sim0"))]);
        Assert.Equal((3, 1, 3), (outcome.Created, outcome.Changed, outcome.Deleted));
        Assert.Equal(["11 sim0", "12 sim0", "13 sim0", "4 sim1"], Described(core, "plain"));
        Assert.Empty(outcome.NotForwarding);

        var error = await CoreFixture.FailsAsync(() => core.ReplaceAsync("plain", [Entry("1", "sim0")], new ReplaceOptions(Owner: "me")));
        Assert.Equal((ErrorCode.DevmapFull, "entries"), (error.Code, error.Fields.Single().Field));
    }

    [Fact]
    public async Task Deletions_ComeLast_UnlessTheirKernelKeyIsNeeded()
    {
        using var gate = new KernelGate();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap);
        var number = core.Host.Interfaces.Find("sim3")!.Ifindex + 100;
        await core.PutAsync("ingress", "sim1", "sim0");
        await core.PutAsync("ingress", $"{number}", "sim0");
        core.Host.AddInterface("late0", ifindex: number);
        var (old, map) = (new List<bool>(), core.Host.Devmaps["ingress"]);
        var first = core.Host.Interfaces.Find("sim1")!.Ifindex;
        gate.Updating = n => old.Add(map.TryGet(first, out _));

        var outcome = await core.ReplaceAsync("ingress", [Entry("late0", "sim2"), Entry("sim2", "sim0")]);

        Assert.Equal((2, 0, 2), (outcome.Created, outcome.Changed, outcome.Deleted));
        Assert.Equal([true, true], old);
        Assert.False(map.TryGet(first, out _));
        Assert.Equal(["late0 sim2", "sim2 sim0"], Described(core, "ingress"));
        Assert.Equal((number, EntryState.Forwarding), (core.Entries.Get("ingress", "late0").Status.KernelKey!.Value, core.Entries.Get("ingress", "late0").Status.State));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(500)]
    [InlineData(1000)]
    public async Task KernelRefusesOneEntry_AllIsAsBefore(int refused)
    {
        using var gate = new KernelGate();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap);
        await core.ReplaceAsync("addresses", [.. Enumerable.Range(0, 10).Select(i => Entry($"{i}", "sim0"))]);
        var before = Described(core, "addresses");
        gate.RefusedUpdate = gate.Updates + refused;
        gate.Refusal = new KernelException("bpf", Errno.ENOMEM, "ENOMEM");

        var error = await CoreFixture.FailsAsync(() => core.ReplaceAsync("addresses", [.. Enumerable.Range(0, 1000).Select(i => Entry($"{i}", "sim1"))]));

        Assert.Equal(ErrorCode.KernelFailure, error.Code);
        Assert.Equal(before, Described(core, "addresses"));
        Assert.Equal(10, core.Host.Devmaps["addresses"].Count);
        Assert.All(core.List("addresses").Entries, e => Assert.Equal(EntryState.Forwarding, e.Status.State));
    }

    [Fact]
    public async Task LimitedToken_MayWriteAndDeleteWhatItsLimitsAllow()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.ReplaceAsync("vlans", [Entry("5", "sim0"), Entry("50", "sim0")], new ReplaceOptions(Owner: "me"));
        var limited = RequestContext.OfDaemon() with
        {
            Caller = new Caller("test") { Token = "limited", Role = Role.Operator, Limits = new TokenLimits(["vlans"], ["me"], [new KeyRange("vlans", "1", "10")]) },
        };

        var error = await CoreFixture.FailsAsync(() => core.Tables.ReplaceAsync("vlans", new([Entry("5", "sim1")]), new(Owner: "me"), limited));
        Assert.Equal((ErrorCode.PermissionDenied, "devmaps/vlans/entries/50", "entries"), (error.Code, error.Resource, error.Fields.Single().Field));
        error = await CoreFixture.FailsAsync(() => core.Tables.ReplaceAsync("vlans", new([Entry("5", "sim1"), Entry("50", "sim0")]), new(Owner: "me"), limited));
        Assert.Equal((ErrorCode.PermissionDenied, "entries[1]"), (error.Code, error.Fields.Single().Field));
        error = await CoreFixture.FailsAsync(() => core.Tables.ReplaceAsync("addresses", new([]), new(), limited));
        Assert.Equal(ErrorCode.PermissionDenied, error.Code);
        await core.Entries.DeleteAsync("vlans", "50", "me", false, RequestContext.OfDaemon());
        Assert.Equal((1, 1), (await core.Tables.ReplaceAsync("vlans", new([Entry("5", "sim1"), Entry("6", "sim1")]), new(Owner: "me"), limited)) is var done ? (done.Created, done.Changed) : default);
    }

    [Fact]
    public async Task Watcher_GetsTheChangesOfATable_ResumableAfterTheLast()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutAsync("vlans", "1", "sim0");
        await using var reader = core.Watch("vlans").GetAsyncEnumerator();
        await reader.UntilAsync(e => e is WatchEvent.Synced);

        var outcome = await core.ReplaceAsync("vlans", [Entry("2", "sim0"), Entry("3", "sim0")]);

        var events = await reader.UntilAsync(e => e.Revision is not null);
        Assert.Equal(["EntryPut", "EntryPut", "EntryDeleted"], events.Select(e => e.GetType().Name));
        Assert.Equal([null, null, outcome.Revision], events.Select(e => e.Revision));
    }

    [Fact]
    public async Task InterfacesUnderAlternativeNames_AreThoseOfTheTable()
    {
        await using var core = await CoreFixture.StartAsync();
        core.Host.ChangeInterface("sim1", i => i with { AltNames = new AltNames(["uplink"]) });
        await core.ReplaceAsync("ingress", [Entry("uplink", "sim0"), Entry("sim2", "uplink")]);
        var again = await core.ReplaceAsync("ingress", [Entry("sim1", "sim0"), Entry("sim2", "sim1")]);
        Assert.Equal((0, 0, 0, 2), (again.Created, again.Changed, again.Deleted, again.Unchanged));
    }

    internal static DevmapRecord Large { get; } = new("large", new DevmapSpec(16384, KeySelector: KeySelector.Ipv4Destination));

    private static async Task<ReplaceOutcome> PassAsync(FakeTimeProvider time, Task<ReplaceOutcome> call)
    {
        while (!call.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        return await call;
    }

    private static DesiredEntry Entry(string key, string target, string? owner = null, params (string Name, string Value)[] labels) =>
        new(key, new EntrySpec(target, null, Labels.Of(labels.Select(l => KeyValuePair.Create(l.Name, l.Value))), owner), null);

    private static List<string> Described(CoreFixture core, string devmap) =>
        [.. core.List(devmap, new EntryQuery(PageSize: 10_000)).Entries.Select(e => $"{e.Key} {e.Spec!.Interface}").Order(StringComparer.Ordinal)];
}
