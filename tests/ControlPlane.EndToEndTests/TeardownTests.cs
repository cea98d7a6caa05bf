using System.Globalization;
using ControlPlane.EndToEndTests.World;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary><c>devmapd --teardown</c>: all that is ours goes, and nothing else.</summary>
public sealed class TeardownTests
{
    [Fact]
    public async Task Teardown_WhileADaemonRuns_IsRefusedAndTouchesNothing()
    {
        await using var site = await Site.StartAsync();
        var (ingress, target) = await site.SteerAsync();

        var (code, output, error) = await RunAsync(site, "--teardown");

        Assert.Equal(75, code);
        Assert.Empty(output);
        Assert.Contains(site.Home.Daemon.Id.ToString(CultureInfo.InvariantCulture), error, StringComparison.Ordinal);
        await site.AssertForwardsAsync(ingress, target);
    }

    [Fact]
    public async Task Teardown_RemovesAllOfOursAndNothingElse()
    {
        await using var site = await Site.StartAsync();
        var (ingress, target) = await site.SteerAsync();
        await site.Home.StopAsync();
        string[] foreign = [$"{site.Home.PinRoot}/foreign", $"{site.Home.PinRoot}/devmaps/{Site.ByVlan}/foreign"];
        foreach (var pin in foreign)
            Shell.Run("bpftool", "map", "create", pin, "type", "array", "key", "4", "value", "4", "entries", "1", "name", "foreign");

        var (code, output, _) = await RunAsync(site, "--teardown");

        Assert.Equal(0, code);
        Assert.Contains($"detached devmap {Site.ByInterface} from interface {ingress.Name}", output);
        Assert.Contains($"removed devmap {Site.ByInterface}", output);
        Assert.Contains("removed egress program meter", output);
        Assert.All(foreign, pin => Assert.Contains(output, line => line.StartsWith("kept: ", StringComparison.Ordinal) && line.Contains(pin, StringComparison.Ordinal)));
        Assert.DoesNotContain("xdp", site.Space.Shell("ip", "-d", "link", "show", "dev", ingress.Name), StringComparison.Ordinal);
        Assert.All(foreign, pin => Assert.True(File.Exists(pin)));
        // What holds the foreign pin is left whole.
        Assert.Equal([Site.ByVlan], Directory.GetDirectories($"{site.Home.PinRoot}/devmaps").Select(Path.GetFileName));
        Assert.False(Directory.Exists($"{site.Home.PinRoot}/programs"));

        // The store was kept: the next start brings all back.
        File.Delete(foreign[1]);
        await site.Home.StartAsync();
        await site.AssertForwardsAsync(ingress, target);
    }

    [Fact]
    public async Task Teardown_WithStore_LeavesNothing()
    {
        await using var site = await Site.StartAsync();
        await site.SteerAsync();
        await site.Home.StopAsync();

        var (code, output, _) = await RunAsync(site, "--teardown", "--with-store");

        Assert.Equal(0, code);
        Assert.False(Directory.Exists(site.Home.PinRoot));
        Assert.Empty(Directory.GetFileSystemEntries(site.Home.StateDirectory));
        Assert.Contains(output, line => line.StartsWith("removed the store ", StringComparison.Ordinal));
        // Once more: nothing to do is no fault.
        Assert.Equal(0, (await RunAsync(site, "--teardown", "--with-store")).Code);
        await site.Home.StartAsync();
        Assert.Empty((await Facts.OfApiAsync(site.Home.Channel)).ByName());
    }

    private static async Task<(int Code, IReadOnlyList<string> Output, string Error)> RunAsync(Site site, params string[] arguments)
    {
        await using DaemonProcess command = site.Home.Launch(arguments);
        var code = await command.WaitExitAsync();
        return (code, command.Log, command.StandardError);
    }
}
