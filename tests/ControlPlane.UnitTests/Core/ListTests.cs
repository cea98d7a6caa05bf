using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.UnitTests.Core;

public sealed class ListTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100)]
    public async Task Pages_TogetherAreAllEntriesOnce(int pageSize)
    {
        await using var core = await CoreFixture.StartAsync();
        for (var i = 0; i < 100; i++)
            await core.PutAsync("vlans", $"{i * 300}", "sim1");
        var seen = Pages(core, "vlans", pageSize, _ => { });
        Assert.Equal(100, seen.Count);
        Assert.Equal(100, seen.Distinct().Count());
    }

    [Fact]
    public async Task Pages_WhileEntriesComeGoAndAreReplaced_MissNoSurvivorAndRepeatNothing()
    {
        await using var core = await CoreFixture.StartAsync();
        core.Host.AddInterface("doomed");
        for (var i = 0; i < 400; i++)
            await core.PutAsync("vlans", $"{i}", i % 2 == 0 ? "sim1" : "doomed");
        var page = 0;
        var seen = Pages(core, "vlans", 16, _ =>
        {
            if (++page == 3)
                core.Host.RemoveInterface("doomed");
            core.PutAsync("vlans", $"{20_000 + page}", "sim2").Wait();
            core.PutAsync("vlans", $"{page * 2}", "sim3").Wait();
        });
        Assert.Equal(seen.Count, seen.Distinct().Count());
        Assert.Empty(Enumerable.Range(0, 200).Select(i => $"{i * 2}").Except(seen));
    }

    [Fact]
    public async Task Pages_NamedKeysWhoseInterfacesComeAndGo_KeepTheirPlace()
    {
        await using var core = await CoreFixture.StartAsync();
        for (var i = 0; i < 20; i++)
        {
            core.Host.AddInterface($"in{i:00}");
            await core.PutAsync("ingress", $"in{i:00}", "sim1");
        }

        var page = 0;
        var seen = Pages(core, "ingress", 3, _ =>
        {
            core.Host.RemoveInterface($"in{page:00}");
            core.Host.RemoveInterface($"in{19 - page:00}");
            if (page++ > 0)
                core.Host.AddInterface($"in{page - 2:00}");
            Assert.ThrowsAsync<ControlPlaneException>(() => core.Programs.DeleteAsync("none", default, default)).Wait();
        });
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"in{i:00}"), seen);
    }

    [Fact]
    public async Task Filters_AreJoinedByAnd()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutProgramAsync("counting", "count");
        var labels = new Dictionary<string, string> { ["owner"] = "cni" };
        await core.Entries.PutAsync("vlans", "1", new EntrySpec("sim1", null, Labels.Of(labels), null), false, RequestContext.OfDaemon());
        await core.Entries.PutAsync("vlans", "2", new EntrySpec("sim2", "counting", Labels.Of(labels), null), false, RequestContext.OfDaemon());
        await core.PutAsync("vlans", "3", "sim2", "counting");
        await core.PutAsync("vlans", "4", "later", allowPending: true);
        Assert.Equal(["2", "3"], Keys(core, new EntryQuery(Interface: "sim2")));
        Assert.Equal(["2", "3"], Keys(core, new EntryQuery(EgressProgram: "counting")));
        Assert.Equal(["1", "2"], Keys(core, new EntryQuery(Labels: ["owner=cni"])));
        Assert.Equal(["2"], Keys(core, new EntryQuery(Interface: "sim2", Labels: ["owner=cni"])));
        Assert.Equal(["4"], Keys(core, new EntryQuery(State: EntryState.Pending)));
    }

    [Fact]
    public async Task List_ManyFaults_NamesThemAll()
    {
        await using var core = await CoreFixture.StartAsync();
        var query = new EntryQuery(PageSize: 0, PageToken: "!", Interface: "a/b", EgressProgram: "X", Labels: ["x"]);
        var error = Assert.Throws<ControlPlaneException>(() => core.List("vlans", query)).Error;
        Assert.Equal(["pageSize", "interface", "egressProgram", "label", "pageToken"], error.Fields.Select(f => f.Field));
    }

    [Fact]
    public async Task PageToken_OfAnotherQuery_IsRefused()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutAsync("vlans", "1", "sim1");
        await core.PutAsync("vlans", "2", "sim1");
        var token = core.List("vlans", new EntryQuery(PageSize: 1)).NextPageToken;
        Assert.Equal(["2"], Keys(core, new EntryQuery(PageToken: token)));
        Assert.Throws<ControlPlaneException>(() => core.List("vlans", new EntryQuery(PageToken: token, Interface: "sim1")));
        Assert.Throws<ControlPlaneException>(() => core.List("addresses", new EntryQuery(PageToken: token)));
    }

    private static IEnumerable<string> Keys(CoreFixture core, EntryQuery query) => core.List("vlans", query).Entries.Select(e => e.Key);

    private static List<string> Pages(CoreFixture core, string devmap, int pageSize, Action<EntryList> between)
    {
        var keys = new List<string>();
        string? token = null;
        for (var i = 0; i < 1000; i++)
        {
            var page = core.List(devmap, new EntryQuery(pageSize, token));
            Assert.True(page.Entries.Count <= pageSize);
            keys.AddRange(page.Entries.Select(e => e.Key));
            if ((token = page.NextPageToken) is null)
                return keys;
            between(page);
        }

        throw new InvalidOperationException("the list does not end");
    }
}
