using System.Globalization;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Storage;

namespace ControlPlane.UnitTests.Core;

/// <summary>Changes are undone by new changes.</summary>
public sealed class RevertTests
{
    private static readonly Caller Operator = new("test") { Role = Role.Operator };

    [Fact]
    public async Task Batch_IsUndoneAsAWhole_UnderOneRevision()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutAsync("vlans", "1", "sim0");
        await core.PutAsync("vlans", "2", "sim0");
        var before = Specs(core);
        var batch = await core.ApplyAsync(
            BatchMode.Atomic, new(new("vlans", "1", new EntrySpec("sim1"), null), null), new(null, new("vlans", "2", null)), new(new("addresses", "10.0.0.7", new EntrySpec("sim2"), null), null));

        var outcome = await RevertAsync(core, batch.Revision, caller: Operator);

        Assert.Equal((batch.Revision + 1, 1, 1, 1), (outcome.Revision, outcome.Created, outcome.Changed, outcome.Deleted));
        Assert.Equal(before, Specs(core));
        Assert.False(core.Host.Devmaps["addresses"].TryGet(0x0A000007, out _));
        // And back again: a reversal is a change as any other.
        await RevertAsync(core, outcome.Revision);
        Assert.Equal("sim2", core.Entries.Get("addresses", "10.0.0.7").Spec!.Interface);
    }

    [Fact]
    public async Task ChangedSince_NamesAllOfThem_AndChangesNothing()
    {
        await using var core = await CoreFixture.StartAsync();
        var table = await core.ReplaceAsync("vlans", [.. Enumerable.Range(1, 20).Select(i => Desired(i, "sim0"))]);
        await core.PutAsync("vlans", "3", "sim1");
        await core.Entries.DeleteAsync("vlans", "4", default, default);
        var before = Specs(core);

        var error = await CoreFixture.FailsAsync(() => RevertAsync(core, table.Revision));

        // The one that was deleted is as it was before the table.
        Assert.Equal((ErrorCode.RevisionMismatch, "devmaps/vlans/entries/3"), (error.Code, string.Join(' ', error.Fields.Select(f => f.Field))));
        Assert.Equal(before, Specs(core));
        Assert.Equal(19, (await RevertAsync(core, table.Revision, force: true)).Deleted);
        Assert.Empty(Specs(core));
    }

    [Fact]
    public async Task EndOfALease_IsUndone_OnceThereIsALeaseAgain()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutLeaseAsync("node", 30);
        await core.PutAsync("vlans", "1", new EntrySpec("sim0") { Lease = "node", Owner = "cni" });
        await core.Attachments.PutAsync(
            "vlans", "sim0", new AttachmentSpec(AttachMode.Native) { Lease = "node" }, allowPending: false, RequestContext.OfDaemon());
        var before = Specs(core);
        await core.Leases.DeleteAsync("node", null, false, RequestContext.OfDaemon());
        var ended = core.State.Current.Revision;

        var refused = await CoreFixture.FailsAsync(() => RevertAsync(core, ended));
        Assert.Equal(ErrorCode.LeaseNotFound, refused.Code);
        Assert.Empty(Specs(core));
        await core.PutLeaseAsync("node", 30);
        await RevertAsync(core, ended);

        Assert.Equal(before, Specs(core));
        Assert.Equal("node", core.State.Current.Devmaps["vlans"].Attachments["sim0"].Record.Spec.Lease);
    }

    [Fact]
    public async Task Table_WithManyChanges_IsUndoneInSlices()
    {
        await using var core = await CoreFixture.StartAsync(devmaps: [new("addresses", new DevmapSpec(4096, KeySelector: KeySelector.Ipv4Destination)), new("others", new DevmapSpec(4096, KeySelector: KeySelector.Vlan))]);
        await core.ReplaceAsync("addresses", Rows(1500, "sim0"));
        var before = Specs(core);
        var table = await core.ReplaceAsync("addresses", [.. Rows(1500, "sim1").Skip(700)], new ReplaceOptions(AllowDeletions: 1000));

        var outcome = await RevertAsync(core, table.Revision);

        Assert.Equal((700, 800, 0, table.Revision + 1), (outcome.Created, outcome.Changed, outcome.Deleted, outcome.Revision));
        Assert.Equal(before, Specs(core));
        Assert.All(core.List("addresses", new EntryQuery(PageSize: 10_000)).Entries, e => Assert.Equal(EntryState.Forwarding, e.Status.State));
    }

    [Fact]
    public async Task State_WithManyEntriesOfSeveralDevmaps_ComesInSlices_OrNotAtAll()
    {
        using var gate = new KernelGate();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap, devmaps:
        [
            new("addresses", new DevmapSpec(4096, KeySelector: KeySelector.Ipv4Destination)), new("tags", new DevmapSpec(4096, KeySelector: KeySelector.Vlan)),
        ]);
        var empty = core.State.Current.Revision;
        await core.PutProgramAsync("seen", "count");
        await core.Attachments.PutAsync("tags", "sim0", new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());
        await core.ReplaceAsync("addresses", Rows(1200, "sim1", "seen"));
        await core.ReplaceAsync("tags", [.. Enumerable.Range(1, 600).Select(i => new DesiredEntry($"{i}", new EntrySpec("sim1", "seen"), null))]);
        var (full, revision) = (Everything(core), core.State.Current.Revision);

        var gone = await core.Reversals.RevertStateAsync(empty, false, RequestContext.OfDaemon());

        Assert.Equal((0, 0, 1802), (gone.Created, gone.Changed, gone.Deleted));
        Assert.Empty(Everything(core));
        (gate.Refusal, gate.RefusedUpdate) = (new KernelException("bpf_map_update_elem", Errno.ENOMEM, "ENOMEM"), gate.Updates + 1500);
        Assert.Equal(ErrorCode.KernelFailure, (await CoreFixture.FailsAsync(() => core.Reversals.RevertStateAsync(revision, false, RequestContext.OfDaemon()))).Code);
        Assert.Empty(Specs(core));
        gate.Refusal = null;
        Assert.Equal(1802, (await core.Reversals.RevertStateAsync(revision, true, RequestContext.OfDaemon())) is var plan ? plan.Created + plan.Unchanged : 0);

        await core.Reversals.RevertStateAsync(revision, false, RequestContext.OfDaemon());

        Assert.Equal(full, Everything(core));
        Assert.All(core.List("tags", new EntryQuery(PageSize: 10_000)).Entries, e => Assert.Equal(EntryState.Forwarding, e.Status.State));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(400)]
    public async Task EgressProgramOfADevice_IsUndoneInAllDevmaps(int entries)
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutProgramAsync("seen", "count");
        await core.ReplaceAsync("addresses", Rows(entries, "sim1"));
        await core.PutAsync("vlans", "1", "sim1");
        var before = Specs(core);
        var swap = await core.Programs.SetOfInterfaceAsync("sim1", "seen", RequestContext.OfDaemon());
        Assert.Equal(entries + 1, Specs(core).Count(s => s.Contains("seen", StringComparison.Ordinal)));
        Assert.Equal(entries + 1, (await RevertAsync(core, swap.Revision, dryRun: true)).Changed);

        var outcome = await RevertAsync(core, swap.Revision);

        Assert.Equal(entries + 1, outcome.Changed);
        Assert.Equal(before, Specs(core));
        await core.Programs.SetOfInterfaceAsync("sim1", "seen", RequestContext.OfDaemon());
        await core.Reversals.RevertStateAsync(outcome.Revision, false, RequestContext.OfDaemon());
        Assert.Equal(before, Specs(core));
    }

    [Fact]
    public async Task AttachmentsAndPrograms_NeedAnAdministrator()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutProgramAsync("seen", "count");
        var program = core.State.Current.Revision;
        await core.Attachments.PutAsync("vlans", "sim0", new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());
        var attachment = core.State.Current.Revision;

        foreach (var revision in new[] { program, attachment })
            Assert.Equal(ErrorCode.PermissionDenied, (await CoreFixture.FailsAsync(() => RevertAsync(core, revision, caller: Operator))).Code);
        Assert.Equal(
            ErrorCode.PermissionDenied, (await CoreFixture.FailsAsync(() => core.Reversals.RevertStateAsync(program - 1, false, RequestContext.OfDaemon() with { Caller = Operator }))).Code);

        Assert.Equal(1, (await RevertAsync(core, attachment)).Deleted);
        Assert.Equal(1, (await RevertAsync(core, program)).Deleted);
        Assert.Empty(core.State.Current.Devmap("vlans").Attachments);
        Assert.Empty(core.State.Current.Programs);
    }

    [Fact]
    public async Task ProgramThatEntriesCarrySince_StaysInUse()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutProgramAsync("seen", "count");
        var program = core.State.Current.Revision;
        await core.PutAsync("vlans", "1", "sim1", "seen");

        Assert.Equal(ErrorCode.ProgramInUse, (await CoreFixture.FailsAsync(() => RevertAsync(core, program))).Code);
        // Together with the entry it can go.
        Assert.Equal(2, (await core.Reversals.RevertStateAsync(program - 1, false, RequestContext.OfDaemon())).Deleted);
    }

    [Fact]
    public async Task Interface_ThatNoLongerExists_LeavesTheEntryPending()
    {
        await using var core = await CoreFixture.StartAsync();
        core.Host.AddInterface("late0");
        await core.PutAsync("vlans", "1", "late0");
        var moved = (await core.PutAsync("vlans", "1", "sim1")).View.Revision!.Value;
        core.Host.RemoveInterface("late0");

        await RevertAsync(core, moved);

        Assert.Equal(("late0", EntryState.Pending), (core.Entries.Get("vlans", "1").Spec!.Interface, core.Entries.Get("vlans", "1").Status.State));
    }

    [Fact]
    public async Task Refusal_OfTheKernel_ChangesNothing()
    {
        using var gate = new KernelGate();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap);
        await core.ReplaceAsync("vlans", [Desired(1, "sim0"), Desired(2, "sim0"), Desired(3, "sim0")]);
        var before = Specs(core);
        var table = await core.ReplaceAsync("vlans", [Desired(1, "sim1"), Desired(2, "sim1"), Desired(3, "sim1")]);
        (gate.Refusal, gate.RefusedUpdate) = (new KernelException("bpf_map_update_elem", Errno.ENOMEM, "ENOMEM"), gate.Updates + 2);
        var after = Specs(core);

        Assert.Equal(ErrorCode.KernelFailure, (await CoreFixture.FailsAsync(() => RevertAsync(core, table.Revision))).Code);

        Assert.Equal(after, Specs(core));
        gate.Refusal = null;
        await RevertAsync(core, table.Revision);
        Assert.Equal(before, Specs(core));
    }

    [Fact]
    public async Task State_AfterRandomChanges_IsThatOfAnyRevision()
    {
        var random = new Random(7);
        await using var core = await CoreFixture.StartAsync(devmaps: [CoreFixture.Vlans, CoreFixture.Addresses]);
        var states = new SortedDictionary<long, string[]> { [core.State.Current.Revision] = Everything(core) };
        for (var i = 0; i < 250; i++)
        {
            try
            {
                await ChangeAsync(core, random, states);
            }
            catch (ControlPlaneException)
            {
                // Conflicts of programs, and resources that do not exist.
            }

            states[core.State.Current.Revision] = Everything(core);
        }

        foreach (var revision in states.Keys.OrderBy(_ => random.Next()).Take(40).ToList())
        {
            var plan = await core.Reversals.RevertStateAsync(revision, true, RequestContext.OfDaemon());
            var outcome = await core.Reversals.RevertStateAsync(revision, false, RequestContext.OfDaemon());
            Assert.Equal(states[revision], Everything(core));
            Assert.Equal((plan.Created, plan.Changed, plan.Deleted), (outcome.Created, outcome.Changed, outcome.Deleted));
            Assert.Equal(plan.Created + plan.Changed + plan.Deleted, plan.Plan.Count);
        }

        await using var again = await CoreFixture.StartAsync(core.Host, devmaps: [CoreFixture.Vlans, CoreFixture.Addresses]);
        Assert.Equal(0, (await core.Audits.AuditAsync("vlans", false, RequestContext.OfDaemon())).Found);
    }

    [Fact]
    public async Task Revision_ThatIsNoLongerKept_IsCompacted()
    {
        using var store = new MemoryStore(new HistoryOptions { MaxBytes = 64 * 1024 });
        await using var core = await CoreFixture.StartAsync(store: store);
        for (var i = 0; i < 400; i++)
            await core.PutAsync("vlans", "1", i % 2 == 0 ? "sim0" : "sim1");

        Assert.Equal(ErrorCode.RevisionCompacted, (await CoreFixture.FailsAsync(() => RevertAsync(core, 3))).Code);
        Assert.Equal(ErrorCode.RevisionCompacted, (await CoreFixture.FailsAsync(() => core.Reversals.RevertStateAsync(3, false, RequestContext.OfDaemon()))).Code);
        Assert.Equal(
            ErrorCode.RevisionCompacted,
            Assert.Throws<ControlPlaneException>(() => core.Changes.List(new ChangeQuery(Order: ChangeOrder.Oldest, SinceRevision: 3), RequestContext.OfDaemon())).Error.Code);
        Assert.True(core.Changes.List(new ChangeQuery(), RequestContext.OfDaemon()).OldestRevision > 3);
    }

    [Theory]
    [InlineData(ChangeOrder.Newest, 7)]
    [InlineData(ChangeOrder.Oldest, 7)]
    [InlineData(ChangeOrder.Newest, 1)]
    [InlineData(ChangeOrder.Oldest, 1)]
    public async Task Pages_HaveEveryChangeOnce_InOrder(ChangeOrder order, int size)
    {
        await using var core = await CoreFixture.StartAsync();
        for (var i = 1; i <= 5; i++)
            await core.PutAsync("vlans", $"{i}", "sim0");
        await core.ReplaceAsync("addresses", Rows(30, "sim1"));
        await core.ReplaceAsync("addresses", [], new ReplaceOptions(AllowDeletions: 30));
        await core.PutAsync("vlans", "6", "sim0");
        var all = core.Changes.List(new ChangeQuery(PageSize: 1000, Order: order, SinceRevision: 2), RequestContext.OfDaemon()).Changes;
        Assert.Equal(66, all.Count(c => c.Kind == ChangedKind.Entry));
        Assert.Equal(all.Select(c => c.Revision), order == ChangeOrder.Newest ? all.Select(c => c.Revision).OrderDescending() : all.Select(c => c.Revision).Order());

        Assert.Equal(all.Select(Described), Pages(core, new ChangeQuery(PageSize: size, Order: order, SinceRevision: 2)).Select(Described));
        var one = all.First(c => c.Resource == "devmaps/addresses/entries/10.0.0.7");
        Assert.Equal(2, Pages(core, new ChangeQuery(PageSize: size, Order: order, Key: "10.0.0.7")).Count);
        Assert.Equal(30, Pages(core, new ChangeQuery(PageSize: size, Order: order, SinceRevision: one.Revision, UntilRevision: one.Revision)).Count);
        var token = core.Changes.List(new ChangeQuery(PageSize: 1, Order: order), RequestContext.OfDaemon()).NextPageToken;
        Assert.Throws<ControlPlaneException>(() => core.Changes.List(new ChangeQuery(PageToken: token, Order: order, Devmap: "vlans"), RequestContext.OfDaemon()));

        static string Described(RecordedChange change) => $"{change.Revision} {change.Resource} {change.Before is null} {change.After is null}";
    }

    [Fact]
    public async Task Tokens_AreForAdministrators_AndActorsAreNamed()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.Tokens.CreateAsync(new TokenRequest("ci", Role.Operator, null, null, Labels.Empty, null), RequestContext.OfDaemon());
        await core.Entries.PutAsync("vlans", "1", new EntrySpec("sim0"), false, RequestContext.OfDaemon() with { Caller = Operator, RequestId = "r-1" });

        Assert.Contains(core.Changes.List(new ChangeQuery(), RequestContext.OfDaemon()).Changes, c => c.Resource == "tokens/ci");
        var seen = core.Changes.List(new ChangeQuery(), RequestContext.OfDaemon() with { Caller = Operator }).Changes;
        Assert.DoesNotContain(seen, c => c.Kind == ChangedKind.Token);
        Assert.Equal("r-1", seen[0].RequestId);
        Assert.Single(core.Changes.List(new ChangeQuery(Actor: seen[0].Account, SinceRevision: 2), RequestContext.OfDaemon()).Changes);
    }

    private static List<RecordedChange> Pages(CoreFixture core, ChangeQuery query)
    {
        var all = new List<RecordedChange>();
        string? token = null;
        do
        {
            var page = core.Changes.List(query with { PageToken = token }, RequestContext.OfDaemon());
            Assert.True(page.Changes.Count <= query.PageSize);
            all.AddRange(page.Changes);
            token = page.NextPageToken;
        }
        while (token is not null);
        return all;
    }

    private static async Task ChangeAsync(CoreFixture core, Random random, SortedDictionary<long, string[]> states)
    {
        var (key, target, program) = ($"{random.Next(1, 6)}", $"sim{random.Next(4)}", random.Next(3) == 0 ? $"p{random.Next(2)}" : null);
        switch (random.Next(9))
        {
            case 0 or 1:
                await core.PutAsync("vlans", key, target, program);
                break;
            case 2:
                await core.PutAsync("addresses", $"10.0.0.{key}", target, program);
                break;
            case 3:
                await core.Entries.DeleteAsync("vlans", key, default, default);
                break;
            case 4:
                await core.PutProgramAsync($"p{random.Next(2)}", "count");
                break;
            case 5:
                await core.Programs.DeleteAsync($"p{random.Next(2)}", null, false, RequestContext.OfDaemon());
                break;
            case 6:
                await core.Programs.SetOfInterfaceAsync(target, program, RequestContext.OfDaemon());
                break;
            case 7:
                if (random.Next(2) == 0)
                    await core.Attachments.PutAsync("vlans", target, new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());
                else
                    await core.Attachments.DeleteAsync("vlans", target, RequestContext.OfDaemon());
                break;
            default:
                await core.Reversals.RevertStateAsync(states.Keys.ElementAt(random.Next(states.Count)), false, RequestContext.OfDaemon());
                break;
        }
    }

    private static Task<RevertOutcome> RevertAsync(CoreFixture core, long revision, bool force = false, bool dryRun = false, Caller? caller = null) =>
        core.Reversals.RevertChangeAsync(revision, force, dryRun, RequestContext.OfDaemon() with { Caller = caller ?? Caller.Daemon });

    private static DesiredEntry Desired(int key, string target) => new(key.ToString(CultureInfo.InvariantCulture), new EntrySpec(target), null);

    private static DesiredEntry[] Rows(int count, string target, string? program = null) =>
        [.. Enumerable.Range(0, count).Select(i => new DesiredEntry($"10.0.{i / 256}.{i % 256}", new EntrySpec(target, program), null))];

    private static string[] Specs(CoreFixture core) =>
    [
        .. core.State.Current.Devmaps.Values.SelectMany(d => d.Entries.All().Select(e => $"{d.Id} {d.Definition.Spec.KeySelector.Format(e.Record.Key)} {e.Record.Spec}"))
            .Order(StringComparer.Ordinal),
    ];

    private static string[] Everything(CoreFixture core) =>
    [
        .. Specs(core),
        .. core.State.Current.Programs.Values.Select(p => $"program {p.Record.Name} {p.Record.Spec.Template}"),
        .. core.State.Current.Devmaps.Values.SelectMany(d => d.Attachments.Values.Select(a => $"attachment {d.Id} {a.Record.Interface} {a.Record.Spec.Mode}")),
    ];
}
