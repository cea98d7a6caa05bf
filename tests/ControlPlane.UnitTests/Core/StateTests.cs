using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.UnitTests.Core;

/// <summary>The whole desired state as one document.</summary>
public sealed class StateTests
{
    private static RequestContext Request() => RequestContext.OfDaemon();

    [Fact]
    public async Task Export_AppliedToAnEmptyHost_GivesTheSameState()
    {
        await using var first = await FilledAsync();
        var document = Copy(first.States.Export(Request()));
        await using var second = await CoreFixture.StartAsync(devmaps: [CoreFixture.Vlans]);

        var planned = await second.States.ApplyAsync(document, true, null, Request());
        Assert.Equal((new KindCounts(1, 0, 0, 1), new KindCounts(3, 0, 0, 0)), (planned.Devmaps, planned.Entries));
        Assert.Equal(7, planned.Plan.Count);
        Assert.Equal(second.State.Current.Revision, planned.Revision);

        var applied = await second.States.ApplyAsync(document, false, null, Request());
        Assert.Equal((planned.Devmaps, planned.Entries, planned.Attachments, planned.Programs, planned.Leases), (applied.Devmaps, applied.Entries, applied.Attachments, applied.Programs, applied.Leases));
        AssertSame(document, second.States.Export(Request()));
        var again = await second.States.ApplyAsync(document, false, null, Request());
        Assert.Equal((applied.Revision, new KindCounts(0, 0, 0, 3)), (again.Revision, again.Entries));
    }

    [Fact]
    public async Task Apply_Differences_AreMade_AndTheRestStays()
    {
        await using var core = await FilledAsync();
        var document = Copy(core.States.Export(Request()));
        var changed = document with
        {
            Devmaps = [.. document.Devmaps.Select(d => d.Name == "blue" ? d with { Spec = d.Spec with { MissAction = MissAction.Drop } } : d)],
            Entries = [.. document.Entries.Where(e => e.Key != "1"), new StateEntry("vlans", "9", new EntrySpec("sim2"))],
            Attachments = [],
            Leases = [],
        };
        changed = changed with { Entries = [.. changed.Entries.Select(e => e with { Spec = e.Spec with { Lease = null } })] };

        var outcome = await core.States.ApplyAsync(changed, false, null, Request());

        Assert.Equal((new KindCounts(0, 1, 0, 1), new KindCounts(1, 1, 1, 1)), (outcome.Devmaps, outcome.Entries));
        Assert.Equal((new KindCounts(0, 0, 1, 0), new KindCounts(0, 0, 1, 0)), (outcome.Attachments, outcome.Leases));
        AssertSame(changed, core.States.Export(Request()));
    }

    [Fact]
    public async Task Apply_NothingAtAll_LeavesTheConfiguration_IfAsManyDeletionsAreAllowed()
    {
        await using var core = await FilledAsync();
        for (var i = 100; i < 120; i++)
            await core.PutAsync("blue", $"{i}", "sim3");
        var nothing = new StateDocument([], [], [], [], []);
        var error = await CoreFixture.FailsAsync(() => core.States.ApplyAsync(nothing, false, null, Request()));
        Assert.Equal(ErrorCode.TooManyDeletions, error.Code);
        Assert.Contains("allowDeletions=27", error.Remedy!.Summary, StringComparison.Ordinal);
        Assert.Equal("too_many_deletions", (await core.States.ApplyAsync(nothing, true, null, Request())).Error!.Code);

        await core.States.ApplyAsync(nothing, false, 27, Request());

        var left = core.States.Export(Request());
        Assert.Equal(["vlans"], left.Devmaps.Select(d => d.Name));
        Assert.Empty(left.Entries);
        Assert.Empty(left.Programs);
    }

    [Fact]
    public async Task Apply_BadDocument_NamesEachMember()
    {
        await using var core = await CoreFixture.StartAsync(devmaps: [CoreFixture.Vlans]);
        var document = new StateDocument(
            [new("Blue", null, new DevmapSpec(0)), new("red", null, new DevmapSpec()), new("red", null, new DevmapSpec())],
            [new("p", null!)],
            [new("l", new LeaseSpec(TimeSpan.Zero))],
            [new("none", "sim0", new AttachmentSpec(AttachMode.Auto)), new("red", "a/b", new AttachmentSpec(AttachMode.Auto))],
            [new("vlans", "x", new EntrySpec("sim1")), new("vlans", "1", null!), new("nowhere", "1", new EntrySpec("sim1")), new("vlans", "2", new EntrySpec("sim1")), new("vlans", "2", new EntrySpec("sim1"))]);
        var error = await CoreFixture.FailsAsync(() => core.States.ApplyAsync(document, true, null, Request()));
        Assert.Equal(
            [
                "devmaps[0].name", "devmaps[0].spec.maxEntries", "devmaps[2].name", "programs[0].spec.template", "leases[0].spec.ttl", "entries[0].key",
                "entries[1].spec.interface", "entries[2].devmap", "entries[4].key", "attachments[0].devmap", "attachments[1].interface",
            ],
            error.Fields.Select(f => f.Field));
        error = await CoreFixture.FailsAsync(() => core.States.ApplyAsync(new StateDocument(null!, [], [], [], null!), true, -1, Request()));
        Assert.Equal(["allowDeletions", "devmaps", "entries"], error.Fields.Select(f => f.Field));
    }

    [Fact]
    public async Task Apply_OtherSettingsForADevmapOfTheConfiguration_IsRefused()
    {
        await using var core = await CoreFixture.StartAsync(devmaps: [CoreFixture.Vlans]);
        var document = new StateDocument([new("vlans", null, CoreFixture.Vlans.Spec with { MissAction = MissAction.Drop })], [], [], [], []);
        Assert.Equal(ErrorCode.DevmapReadOnly, (await CoreFixture.FailsAsync(() => core.States.ApplyAsync(document, false, null, Request()))).Code);
    }

    [Fact]
    public async Task Revert_OfADevmapItself_IsRefusedClearly()
    {
        await using var core = await CoreFixture.StartAsync(devmaps: [CoreFixture.Vlans]);
        var before = core.State.Current.Revision;
        var made = await core.Devmaps.PutAsync("blue", new DevmapSpec(KeySelector: KeySelector.Vlan), Request());
        await core.PutAsync("blue", "1", "sim1");
        Assert.Equal(ErrorCode.NotSupported, (await CoreFixture.FailsAsync(() => core.Reversals.RevertChangeAsync(made.View.SpecRevision, false, false, Request()))).Code);
        Assert.Equal(1, (await core.Reversals.RevertStateAsync(before, false, Request())).Deleted);
        await core.Devmaps.DeleteAsync("blue", null, false, Request());
        var error = await CoreFixture.FailsAsync(() => core.Reversals.RevertStateAsync(before, false, Request()));
        Assert.Equal((ErrorCode.NotSupported, "devmaps/blue"), (error.Code, error.Resource));
    }

    private static async Task<CoreFixture> FilledAsync()
    {
        var core = await CoreFixture.StartAsync(devmaps: [CoreFixture.Vlans]);
        await core.Devmaps.PutAsync("blue", new DevmapSpec(128, KeySelector: KeySelector.Vlan, Labels: Labels.Of([new("a", "b")]), Owner: "cni"), Request());
        await core.PutProgramAsync("counting", "count");
        await core.PutLeaseAsync("node", 3600);
        await core.PutAsync("vlans", "1", "sim1", program: "counting");
        await core.PutAsync("blue", "2", new EntrySpec("sim3") { Lease = "node" });
        await core.PutAsync("blue", "3", new EntrySpec("away0", null, Labels.Of([new("c", "d")]), "x"), allowPending: true);
        await core.Attachments.PutAsync("blue", "sim0", new AttachmentSpec(AttachMode.Native), false, Request());
        return core;
    }

    // As a document that was sent.
    private static StateDocument Copy(StateDocument document) => new(
        [.. document.Devmaps], [.. document.Programs], [.. document.Leases], [.. document.Attachments], [.. document.Entries]);

    private static void AssertSame(StateDocument expected, StateDocument actual)
    {
        Assert.Equal(expected.Devmaps.Select(d => (d.Name, d.Spec)), actual.Devmaps.Select(d => (d.Name, d.Spec)));
        Assert.Equal(expected.Programs, actual.Programs);
        Assert.Equal(expected.Leases, actual.Leases);
        Assert.Equal(expected.Attachments, actual.Attachments);
        Assert.Equal(expected.Entries.OrderBy(e => (e.Devmap, e.Key)), actual.Entries.OrderBy(e => (e.Devmap, e.Key)));
    }
}
