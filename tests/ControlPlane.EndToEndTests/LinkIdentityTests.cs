using System.Globalization;
using ControlPlane.EndToEndTests.World;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>
/// An entry follows the interface of its name, whatever indexes and devices that name passes through. Each case once step by
/// step, and once with a daemon that sees only the outcome.
/// </summary>
public sealed class LinkIdentityTests
{
    private const uint FreeIndex = 4242;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SameIndex_OtherDevice_OldEntriesWaitAndTheStrangersAreRight(bool unseen)
    {
        await using var site = await Site.StartAsync();
        var (first, target) = (site.AddPort(ifindex: FreeIndex), site.AddPort());
        await site.Http.AttachAsync(Site.ByInterface, first.Name);
        await site.Http.PutEntryAsync(Site.ByInterface, first.Name, target.Name);
        await site.Http.PutEntryAsync(Site.ByAddress, "10.0.0.7", first.Name);

        await ChangeAsync(site, unseen, $"link del dev {first.Name}", $"link add name stranger index {FreeIndex} up type veth peer name strangerp");
        var entry = await site.Http.PutEntryAsync(Site.ByInterface, "stranger", target.Name); // at once, whatever has been heard of

        Assert.Equal(FreeIndex, entry.KernelKey);
        await site.AssertAgreesAsync();
        Assert.Equal("Pending", (await site.Http.EntryAsync(Site.ByInterface, first.Name)).Status.State);
        Assert.Equal("Pending", (await site.Http.EntryAsync(Site.ByAddress, "10.0.0.7")).Status.State);
        var again = site.AddPort(first.Name);
        await site.WaitForStateAsync(Site.ByInterface, first.Name, "Forwarding");
        await site.AssertAgreesAsync();
        AssertForwards(again, target);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SameIndex_PassesToAnInterfaceThatWaits_BothEntriesEndRight(bool unseen)
    {
        await using var site = await Site.StartAsync();
        var (first, target) = (site.AddPort(ifindex: FreeIndex), site.AddPort());
        foreach (var waiting in new[] { "aaa", "zzz" }) // one before and one after it, in whatever order names are gone through
            await site.Http.PutEntryAsync(Site.ByInterface, waiting, target.Name, allowPending: true);
        await site.Http.PutEntryAsync(Site.ByInterface, first.Name, target.Name);

        foreach (var (before, after) in new[] { (first.Name, "aaa"), ("aaa", "zzz"), ("zzz", "aaa"), ("aaa", first.Name) })
        {
            await ChangeAsync(site, unseen, $"link del dev {before}", $"link add name {after} index {FreeIndex} up type veth peer name peer");
            await site.AssertAgreesAsync();
            Assert.Equal([FreeIndex], site.KernelMap(Site.ByInterface).Keys);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SameIndexAndName_OtherDevice_IsAttachedAndWrittenAgain(bool unseen)
    {
        await using var site = await Site.StartAsync();
        var (first, target) = (site.AddPort(ifindex: FreeIndex), site.AddPort());
        await site.Http.AttachAsync(Site.ByInterface, first.Name);
        await site.Http.PutEntryAsync(Site.ByInterface, first.Name, target.Name);
        await site.Http.PutEntryAsync(Site.ByAddress, "10.0.0.7", first.Name);
        using var elsewhere = NetworkNamespace.Create();

        await ChangeAsync(
            site, unseen, $"link del dev {first.Name}", $"link add name {first.Name} index {FreeIndex} up type veth peer name far netns {elsewhere.Path}");

        await site.AssertAgreesAsync();
        elsewhere.Shell("ip", "link", "set", "dev", "far", "up");
        using var far = FrameSocket.Open(elsewhere, "far");
        AssertForwards(first with { Far = far }, target);
    }

    [Fact]
    public async Task IndexIsAKeyInUse_TheLaterEntryFailsUntilTheKeyIsFree()
    {
        await using var site = await Site.StartAsync();
        var (held, target) = (site.AddPort(), site.AddPort());
        var number = FreeIndex.ToString(CultureInfo.InvariantCulture);
        await site.Http.PutEntryAsync(Site.ByInterface, number, held.Name);
        await site.Http.PutEntryAsync(Site.ByInterface, "late", target.Name, allowPending: true);

        var late = site.AddPort("late", ifindex: FreeIndex);
        await site.WaitForStateAsync(Site.ByInterface, "late", "Failed");
        await site.AssertAgreesAsync($"{Site.ByInterface}/late");
        var fault = (await site.Http.EntryAsync(Site.ByInterface, "late")).Status.Faults.First();
        Assert.Equal("KeyConflict", fault.Reason);
        Assert.Contains($"entries/{number}", fault.Message, StringComparison.Ordinal);
        Assert.Equal(held.Pair.Ifindex, site.KernelMap(Site.ByInterface)[FreeIndex]);

        await site.Http.RemoveAsync($"/v1/devmaps/{Site.ByInterface}/entries/{number}");
        await site.WaitForStateAsync(Site.ByInterface, "late", "Forwarding");
        await site.AssertAgreesAsync();
        await site.Http.AttachAsync(Site.ByInterface, "late");
        AssertForwards(late, target);
    }

    [Fact]
    public async Task IndexIsAKeyInUse_TheInterfaceReturnsWithAnother_ItsEntryIsWritten()
    {
        await using var site = await Site.StartAsync();
        var (held, target) = (site.AddPort(), site.AddPort());
        await site.Http.PutEntryAsync(Site.ByInterface, FreeIndex.ToString(CultureInfo.InvariantCulture), held.Name);
        await site.Http.PutEntryAsync(Site.ByInterface, "late", target.Name, allowPending: true);
        site.Batch($"link add name late index {FreeIndex} up type veth peer name latep");
        await site.WaitForStateAsync(Site.ByInterface, "late", "Failed");

        site.Batch("link del dev late");
        await site.WaitForStateAsync(Site.ByInterface, "late", "Pending");
        await site.AssertAgreesAsync();
        var late = site.AddPort("late");

        await site.WaitForStateAsync(Site.ByInterface, "late", "Forwarding");
        await site.AssertAgreesAsync();
        Assert.Equal(2, site.KernelMap(Site.ByInterface).Count);
        await site.Http.AttachAsync(Site.ByInterface, "late");
        AssertForwards(late, target);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Renamed_AwayAndBack_EverythingIsInPlaceAgain(bool unseen)
    {
        await using var site = await Site.StartAsync();
        var (ingress, target) = await BothWaysAsync(site);
        string[] away = [.. Rename(ingress.Name, "away1"), .. Rename(target.Name, "away2")];
        string[] back = [.. Rename("away1", ingress.Name), .. Rename("away2", target.Name)];

        if (unseen)
        {
            await site.BatchUnseenAsync([.. away, .. back]);
        }
        else
        {
            site.Batch(away);
            await site.WaitForStateAsync(Site.ByInterface, ingress.Name, "Pending");
            await site.AssertAgreesAsync();
            site.Batch(back);
        }

        await site.WaitForStateAsync(Site.ByInterface, ingress.Name, "Forwarding");
        await site.AssertAgreesAsync();
        AssertForwards(ingress, target);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Renamed_AnotherDeviceToTheWantedNames_EverythingGoesToThose(bool unseen)
    {
        await using var site = await Site.StartAsync();
        var (ingress, target) = await BothWaysAsync(site);
        var (otherIngress, otherTarget) = (site.AddPort(), site.AddPort());

        await ChangeAsync(
            site,
            unseen,
            [
                .. Rename(ingress.Name, "away1"), .. Rename(otherIngress.Name, ingress.Name),
                .. Rename(target.Name, "away2"), .. Rename(otherTarget.Name, target.Name),
            ]);

        await site.AssertAgreesAsync();
        await site.WaitForStateAsync(Site.ByInterface, ingress.Name, "Forwarding");
        AssertForwards(otherIngress, otherTarget);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Renamed_NamesExchanged_EntriesAndAttachmentsCross(bool unseen)
    {
        await using var site = await Site.StartAsync();
        Port[] ingress = [site.AddPort(), site.AddPort()];
        Port[] target = [site.AddPort(), site.AddPort()];
        foreach (var (from, to) in ingress.Zip(target))
        {
            await site.Http.AttachAsync(Site.ByInterface, from.Name);
            await site.Http.PutEntryAsync(Site.ByInterface, from.Name, to.Name);
        }

        await ChangeAsync(
            site, unseen, [.. Rename(ingress[0].Name, "between"), .. Rename(ingress[1].Name, ingress[0].Name), .. Rename("between", ingress[1].Name)]);

        await site.AssertAgreesAsync();
        AssertForwards(ingress[0], target[1]);
        AssertForwards(ingress[1], target[0]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MovedToAnotherNamespaceAndBack_EverythingIsInPlaceAgain(bool unseen)
    {
        await using var site = await Site.StartAsync();
        var (ingress, target) = await BothWaysAsync(site);
        using var elsewhere = NetworkNamespace.Create();
        if (unseen)
            await site.Home.Daemon.SignalAsync("STOP");

        foreach (var port in new[] { ingress, target })
            site.Space.Shell("ip", "link", "set", "dev", port.Name, "netns", elsewhere.Path);
        if (!unseen)
        {
            await site.WaitForStateAsync(Site.ByInterface, ingress.Name, "Pending");
            await site.AssertAgreesAsync();
        }

        foreach (var port in new[] { ingress, target })
        {
            elsewhere.Shell("ip", "link", "set", "dev", port.Name, "netns", site.Space.Path);
            port.Pair.SetUp(true);
        }

        if (unseen)
            await site.Home.Daemon.SignalAsync("CONT");
        await site.AssertAgreesAsync();
        await site.WaitForStateAsync(Site.ByInterface, ingress.Name, "Forwarding");
        AssertForwards(ingress, target);
        AssertForwards(target, ingress);
    }

    /// <summary>Frames of each of two ports go to the other.</summary>
    private static async Task<(Port Ingress, Port Target)> BothWaysAsync(Site site)
    {
        var (first, second) = (site.AddPort(), site.AddPort());
        foreach (var (from, to) in new[] { (first, second), (second, first) })
        {
            await site.Http.AttachAsync(Site.ByInterface, from.Name);
            await site.Http.PutEntryAsync(Site.ByInterface, from.Name, to.Name);
        }

        return (first, second);
    }

    // Down, because before Linux 6.2 an interface that is up keeps its name.
    private static string[] Rename(string from, string to) =>
        [$"link set dev {from} down", $"link set dev {from} name {to}", $"link set dev {to} up"];

    private static async Task ChangeAsync(Site site, bool unseen, params IEnumerable<string> commands)
    {
        if (unseen)
            await site.BatchUnseenAsync(commands);
        else
            site.Batch(commands);
    }

    private static void AssertForwards(Port from, Port to)
    {
        var run = FrameMark.NewRun();
        var frame = Frames.Udp(new FrameMark(run, 0));
        Assert.Equal([frame], from.Send([frame], run, to)[0]);
    }
}
