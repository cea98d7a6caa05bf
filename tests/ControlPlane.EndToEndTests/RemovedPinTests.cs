using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>Somebody removes pins by hand while the daemon runs: the audit sees it and puts them back, and no frame is lost.</summary>
[Trait("Group", "losses")]
public sealed class RemovedPinTests
{
    [Theory]
    [InlineData("")]
    [InlineData("devmaps/default")]
    [InlineData("devmaps/default/active")]
    [InlineData("devmaps/default/links")]
    [InlineData("programs")]
    [InlineData("targets")]
    [InlineData("drops")]
    [InlineData("identity")]
    public async Task Removed_IsFoundAndPutBack_AndFramesFlowWithoutTheDaemonAgain(string removed)
    {
        // Nothing but the audits of this test puts pins back.
        await using var testbed = await Testbed.StartAsync(arguments: "--ControlPlane:Audit:Repair=false");
        var (ingress, target) = await testbed.SteerAsync();
        using var bare = VethPair.Create(testbed.Space);
        await testbed.Http.PutEntryAsync(Testbed.ByVlan, "7", bare.Name); // its peer gets a pass program
        var before = Pins(testbed);
        Assert.Empty((await testbed.Http.AuditAsync(Testbed.ByInterface)).Drifts);

        var path = Path.Combine(testbed.Runner.PinRoot, removed).TrimEnd('/');
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
        else
            File.Delete(path);

        var reported = await testbed.Http.AuditAsync(Testbed.ByInterface, repair: false);
        Assert.NotEmpty(reported.Drifts);
        Assert.All(reported.Drifts, d => Assert.Equal(("unpinned", false), (d.Kind, d.Repaired)));
        Assert.Contains(reported.Drifts, d => d.Pin!.StartsWith(removed, StringComparison.Ordinal));
        Assert.NotEqual(before, Pins(testbed));
        ingress.AssertReaches(target);

        foreach (var devmap in new[] { Testbed.ByInterface, Testbed.ByVlan, Testbed.ByAddress })
            Assert.All((await testbed.Http.AuditAsync(devmap)).Drifts, d => Assert.True(d.Repaired, d.ToString()));
        Assert.Equal(before, Pins(testbed));
        Assert.Empty((await testbed.Http.AuditAsync(Testbed.ByInterface)).Drifts);

        Assert.Equal(0, await testbed.Runner.StopAsync());
        ingress.AssertReaches(target);
        await testbed.Runner.StartAsync();
        Assert.True((await testbed.Http.DevmapAsync(Testbed.ByInterface)).Status.Adopted);
        await testbed.AssertForwardsAsync(ingress, target);
    }

    [Fact]
    public async Task Removed_IsNoticedAndPutBackByItself()
    {
        await using var testbed = await Testbed.StartAsync(arguments: "--ControlPlane:Audit:Interval=00:00:00");
        var (ingress, target) = await testbed.SteerAsync();
        var before = Pins(testbed);
        Directory.Delete(testbed.Runner.PinRoot, recursive: true);

        await Eventually.Async(() => Pins(testbed).SequenceEqual(before), what: "the pins are back");
        await Eventually.Async(async () => (await testbed.Http.ReadAsync<Ready>("/readyz")).Parts["pins"] == "ok", what: "/readyz has no problem of the pins");
        Assert.Contains(testbed.Runner.Daemon.Log, line => line.Contains("\"Part\":\"pins\"", StringComparison.Ordinal));
        await testbed.Runner.KillAsync();
        ingress.AssertReaches(target);
    }

    [Fact]
    public async Task Removed_AttachmentAndProgramCanStillBeDeleted()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = await testbed.SteerAsync();
        Directory.Delete(testbed.Runner.PinRoot, recursive: true);
        await testbed.RemoveResourcesAsync();
        ingress.AssertDoesNotReach(target);
        await using var second = testbed.Runner.Launch();
        Assert.Equal(75, await second.WaitExitAsync());
    }

    private static IReadOnlyList<string> Pins(Testbed testbed) => Directory.Exists(testbed.Runner.PinRoot)
        ? [.. Directory.EnumerateFileSystemEntries(testbed.Runner.PinRoot, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)]
        : [];
}
