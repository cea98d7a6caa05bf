using ControlPlane.EndToEndTests.World;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>Interfaces that go and come back with another index.</summary>
public sealed class HotplugTests
{
    [Fact]
    public async Task Target_DeletedAndMadeAgain_EntryWaitsAndForwardsAgain()
    {
        await using var site = await Site.StartAsync();
        var (ingress, target) = (site.AddPort(), site.AddPort());
        await site.Http.AttachAsync(Site.ByAddress, ingress.Name);
        var first = await site.Http.PutEntryAsync(Site.ByAddress, "10.0.0.7", target.Name);
        AssertForwards(ingress, target);

        target.Pair.Delete();
        await site.WaitForStateAsync(Site.ByAddress, "10.0.0.7", "Pending");
        Assert.Empty(site.KernelMap(Site.ByAddress));

        var again = site.AddPort(target.Name);
        await site.WaitForStateAsync(Site.ByAddress, "10.0.0.7", "Forwarding");
        AssertForwards(ingress, again);
        var entry = await site.Http.EntryAsync(Site.ByAddress, "10.0.0.7");
        Assert.Equal(again.Pair.Ifindex, entry.Status.Ifindex);
        Assert.Equal(first.Revision, entry.Revision); // nobody asked for anything else
        Assert.Equal(1ul, entry.Status.Packets); // it is new in the kernel
    }

    [Fact]
    public async Task Ingress_DeletedAndMadeAgain_IsAttachedAgainAndItsEntryFollows()
    {
        await using var site = await Site.StartAsync();
        var (ingress, target) = (site.AddPort(), site.AddPort());
        await site.Http.AttachAsync(Site.ByInterface, ingress.Name);
        var before = await site.Http.PutEntryAsync(Site.ByInterface, ingress.Name, target.Name);

        ingress.Pair.Delete();
        await site.WaitForStateAsync(Site.ByInterface, ingress.Name, "Pending");
        var attachment = $"/v1/devmaps/{Site.ByInterface}/attachments/{ingress.Name}";
        await Eventually.Async(async () => (await site.Http.ReadAsync<Attachment>(attachment)).Status.State == "Pending");

        var again = site.AddPort(ingress.Name);
        await Eventually.Async(async () => (await site.Http.ReadAsync<Attachment>(attachment)).Status.State == "Attached");
        await site.WaitForStateAsync(Site.ByInterface, ingress.Name, "Forwarding");
        var entry = await site.Http.EntryAsync(Site.ByInterface, ingress.Name);
        Assert.NotEqual(before.KernelKey, entry.KernelKey);
        Assert.Equal([entry.KernelKey!.Value], site.KernelMap(Site.ByInterface).Keys);
        AssertForwards(again, target);
    }

    [Fact]
    public async Task Target_MovedToAnotherNamespaceAndBack_EntryFollows()
    {
        await using var site = await Site.StartAsync();
        var (ingress, target) = (site.AddPort(), site.AddPort());
        await site.Http.AttachAsync(Site.ByAddress, ingress.Name);
        await site.Http.PutEntryAsync(Site.ByAddress, "10.0.0.7", target.Name);
        using var elsewhere = NetworkNamespace.Create();

        site.Space.Shell("ip", "link", "set", "dev", target.Name, "netns", elsewhere.Path);
        await site.WaitForStateAsync(Site.ByAddress, "10.0.0.7", "Pending");
        elsewhere.Shell("ip", "link", "set", "dev", target.Name, "netns", site.Space.Path);
        target.Pair.SetUp(true);

        await site.WaitForStateAsync(Site.ByAddress, "10.0.0.7", "Forwarding");
        AssertForwards(ingress, target);
    }

    [Fact]
    public async Task Target_GoneWhileNoDaemonRuns_IsNotMissedAtTheNextStart()
    {
        await using var site = await Site.StartAsync();
        var (ingress, target, stays) = (site.AddPort(), site.AddPort(), site.AddPort());
        await site.Http.AttachAsync(Site.ByAddress, ingress.Name);
        await site.Http.PutEntryAsync(Site.ByAddress, "10.0.0.7", stays.Name);
        await site.Http.PutEntryAsync(Site.ByAddress, "10.0.0.8", target.Name);
        await site.Home.StopAsync();
        target.Pair.Delete();
        ingress.Pair.Delete();
        var again = site.AddPort(ingress.Name);

        await site.Home.StartAsync();

        var entries = await site.Http.ListAsync(Site.ByAddress);
        Assert.Equal("10.0.0.7", Assert.Single(entries, e => e.Status.State == "Forwarding").Key);
        await Eventually.Async(async () => (await site.Http.ReadAsync<Attachment>(
            $"/v1/devmaps/{Site.ByAddress}/attachments/{ingress.Name}")).Status.State == "Attached");
        AssertForwards(again, stays);
    }

    private static void AssertForwards(Port from, Port to)
    {
        var run = FrameMark.NewRun();
        var frame = Frames.Udp(new FrameMark(run, 0), "10.0.0.7");
        Assert.Equal([frame], from.Send([frame], run, to)[0]);
    }
}
