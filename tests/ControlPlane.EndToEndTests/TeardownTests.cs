using System.Globalization;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary><c>devmapd teardown</c> removes all objects of the daemon, and nothing else.</summary>
[Trait("Group", "losses")]
public sealed class TeardownTests
{
    [Fact]
    public async Task Teardown_WhileADaemonRuns_IsRefusedAndTouchesNothing()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = await testbed.SteerAsync();

        var (code, output, error) = await RunAsync(testbed, "teardown");

        Assert.Equal(75, code);
        Assert.Empty(output);
        Assert.Contains(testbed.Runner.Daemon.Id.ToString(CultureInfo.InvariantCulture), error, StringComparison.Ordinal);
        await testbed.AssertForwardsAsync(ingress, target);
    }

    [Fact]
    public async Task Teardown_RemovesAllObjectsOfTheDaemonAndNothingElse()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = await testbed.SteerAsync();
        await testbed.Runner.StopAsync();
        string[] foreign = [$"{testbed.Runner.PinRoot}/foreign", $"{testbed.Runner.PinRoot}/devmaps/{Testbed.ByVlan}/foreign"];
        foreach (var pin in foreign)
            Shell.Run("bpftool", "map", "create", pin, "type", "array", "key", "4", "value", "4", "entries", "1", "name", "foreign");

        var (code, output, _) = await RunAsync(testbed, "teardown");

        Assert.Equal(0, code);
        Assert.Contains($"detached devmap {Testbed.ByInterface} from interface {ingress.Name}", output);
        Assert.Contains($"removed devmap {Testbed.ByInterface}", output);
        Assert.Contains("removed egress program meter", output);
        Assert.All(foreign, pin => Assert.Contains(output, line => line.StartsWith("kept: ", StringComparison.Ordinal) && line.Contains(pin, StringComparison.Ordinal)));
        Assert.DoesNotContain("xdp", testbed.Space.Shell("ip", "-d", "link", "show", "dev", ingress.Name), StringComparison.Ordinal);
        Assert.All(foreign, pin => Assert.True(File.Exists(pin)));
        // The devmap whose folder holds a foreign pin is kept whole.
        Assert.Equal([Testbed.ByVlan], Directory.GetDirectories($"{testbed.Runner.PinRoot}/devmaps").Select(Path.GetFileName));
        Assert.False(Directory.Exists($"{testbed.Runner.PinRoot}/programs"));

        // The store is kept, so the next start restores everything.
        File.Delete(foreign[1]);
        await testbed.Runner.StartAsync();
        await testbed.AssertForwardsAsync(ingress, target);
    }

    [Fact]
    public async Task Teardown_WithStore_LeavesNothing()
    {
        await using var testbed = await Testbed.StartAsync();
        await testbed.SteerAsync();
        await testbed.Runner.StopAsync();

        var (code, output, _) = await RunAsync(testbed, "teardown", "--with-store");

        Assert.Equal(0, code);
        Assert.False(Directory.Exists(testbed.Runner.PinRoot));
        Assert.Empty(Directory.GetFileSystemEntries(testbed.Runner.StateDirectory));
        Assert.Contains(output, line => line.StartsWith("removed the store ", StringComparison.Ordinal));
        // A second teardown has nothing to do and succeeds.
        Assert.Equal(0, (await RunAsync(testbed, "teardown", "--with-store")).Code);
        await testbed.Runner.StartAsync();
        Assert.Empty((await ResourceVersions.OfApiAsync(testbed.Client)).ByName());
    }

    private static async Task<(int Code, IReadOnlyList<string> Output, string Error)> RunAsync(Testbed testbed, params string[] arguments)
    {
        await using DaemonProcess command = testbed.Runner.Launch(arguments);
        var code = await command.WaitExitAsync();
        return (code, command.Log, command.StandardError);
    }
}
