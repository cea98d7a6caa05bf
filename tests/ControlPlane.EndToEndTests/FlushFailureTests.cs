using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Disk;

namespace ControlPlane.EndToEndTests;

/// <summary>The disk fails when the store is flushed: an answer is true after a crash, too, or says that it is not known.</summary>
[Trait("Group", "losses")]
public sealed class FlushFailureTests
{
    private const string Other = "nosuch0";

    [Fact]
    public async Task OneFlushFails_TheChangeIsNotMade_AlsoAfterACrash()
    {
        await using var testbed = await Testbed.StartAsync();
        using var shim = await RestartAsync(testbed);
        await testbed.Http.PutEntryAsync(Testbed.ByVlan, "1", Other, allowPending: true);

        shim.FailFlushes(1);
        var refused = await testbed.Http.RefusedAsync(Path("2"), new { @interface = Other });
        Assert.Equal("store_unavailable", refused.Code);
        Assert.Contains("was not made", refused.Detail, StringComparison.Ordinal);

        await testbed.Runner.KillAsync();
        await testbed.Runner.StartAsync();
        Assert.Equal(["1"], await KeysAsync(testbed));
        await testbed.Http.PutEntryAsync(Testbed.ByVlan, "2", Other, allowPending: true);
    }

    [Fact]
    public async Task EveryFlushFails_TheAnswerSaysThatItIsNotKnown_AndTheDaemonEnds()
    {
        await using var testbed = await Testbed.StartAsync();
        using var shim = await RestartAsync(testbed);
        var (ingress, target) = await testbed.SteerAsync();
        await testbed.Http.PutEntryAsync(Testbed.ByVlan, "1", Other, allowPending: true);

        shim.FailFlushes();
        var refused = await testbed.Http.RefusedAsync(Path("2"), new { @interface = Other });
        Assert.Equal("store_unavailable", refused.Code);
        Assert.Contains("It is not known whether the change is durable", refused.Detail, StringComparison.Ordinal);
        Assert.Equal(74, await testbed.Runner.Daemon.WaitExitAsync());
        ingress.AssertReaches(target);

        await using (var again = testbed.Runner.Launch())
            Assert.Equal(74, await again.WaitExitAsync());
        shim.Heal();
        await testbed.Runner.StartAsync();
        Assert.Subset(new HashSet<string> { "1", "2" }, (await KeysAsync(testbed)).ToHashSet());
        Assert.Contains("1", await KeysAsync(testbed));
        await testbed.AssertForwardsAsync(ingress, target);
    }

    private static async Task<StoreShim> RestartAsync(Testbed testbed)
    {
        await testbed.Runner.StopAsync();
        var shim = new StoreShim(testbed.Runner.StateDirectory);
        testbed.Runner.Environment = shim.Environment;
        await testbed.Runner.StartAsync();
        return shim;
    }

    private static string Path(string key) => $"/v1/devmaps/{Testbed.ByVlan}/entries/{key}?allowPending=true";

    private static async Task<IReadOnlyList<string>> KeysAsync(Testbed testbed) => [.. (await testbed.Http.ListAsync(Testbed.ByVlan)).Select(e => e.Key)];
}
