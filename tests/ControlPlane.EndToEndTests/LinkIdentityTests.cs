using System.Globalization;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>
/// An entry follows the interface of its name, whatever device and index have that name. Each case runs twice: the daemon sees every
/// step, or only the outcome.
/// </summary>
public sealed class LinkIdentityTests(SharedDaemon daemon) : IClassFixture<SharedDaemon>
{
    private const uint FreeIndex = 4242;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SameIndex_OtherDevice_OldEntriesArePendingAndNewOnesCorrect(bool unseen)
    {
        await using var testbed = await daemon.UseAsync();
        var (first, target) = (testbed.AddPort(ifindex: FreeIndex), testbed.AddPort());
        await testbed.Http.AttachAsync(Testbed.ByInterface, first.Name);
        await testbed.Http.PutEntryAsync(Testbed.ByInterface, first.Name, target.Name);
        await testbed.Http.PutEntryAsync(Testbed.ByAddress, "10.0.0.7", first.Name);

        await ChangeAsync(testbed, unseen, $"link del dev {first.Name}", $"link add name stranger index {FreeIndex} up type veth peer name strangerp");
        var entry = await testbed.Http.PutEntryAsync(Testbed.ByInterface, "stranger", target.Name); // at once, before the daemon must have seen the change

        Assert.Equal(FreeIndex, entry.KernelKey);
        await testbed.AssertConsistentAsync();
        Assert.Equal("Pending", (await testbed.Http.EntryAsync(Testbed.ByInterface, first.Name)).Status.State);
        Assert.Equal("Pending", (await testbed.Http.EntryAsync(Testbed.ByAddress, "10.0.0.7")).Status.State);
        var again = testbed.AddPort(first.Name);
        await testbed.WaitForStateAsync(Testbed.ByInterface, first.Name, "Forwarding");
        await testbed.AssertConsistentAsync();
        again.AssertReaches(target);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SameIndex_PassesToAPendingInterface_BothEntriesEndCorrect(bool unseen)
    {
        await using var testbed = await daemon.UseAsync();
        var (first, target) = (testbed.AddPort(ifindex: FreeIndex), testbed.AddPort());
        foreach (var waiting in new[] { "aaa", "zzz" }) // one before and one after it in the order of names
            await testbed.Http.PutEntryAsync(Testbed.ByInterface, waiting, target.Name, allowPending: true);
        await testbed.Http.PutEntryAsync(Testbed.ByInterface, first.Name, target.Name);

        foreach (var (before, after) in new[] { (first.Name, "aaa"), ("aaa", "zzz"), ("zzz", "aaa"), ("aaa", first.Name) })
        {
            await ChangeAsync(testbed, unseen, $"link del dev {before}", $"link add name {after} index {FreeIndex} up type veth peer name peer");
            await testbed.AssertConsistentAsync();
            Assert.Equal([FreeIndex], testbed.KernelMap(Testbed.ByInterface).Keys);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SameIndexAndName_OtherDevice_IsAttachedAndWrittenAgain(bool unseen)
    {
        await using var testbed = await daemon.UseAsync();
        var (first, target) = (testbed.AddPort(ifindex: FreeIndex), testbed.AddPort());
        await testbed.Http.AttachAsync(Testbed.ByInterface, first.Name);
        await testbed.Http.PutEntryAsync(Testbed.ByInterface, first.Name, target.Name);
        await testbed.Http.PutEntryAsync(Testbed.ByAddress, "10.0.0.7", first.Name);
        using var elsewhere = NetworkNamespace.Create();

        await ChangeAsync(
            testbed, unseen, $"link del dev {first.Name}", $"link add name {first.Name} index {FreeIndex} up type veth peer name far netns {elsewhere.Path}");

        await testbed.AssertConsistentAsync();
        elsewhere.Shell("ip", "link", "set", "dev", "far", "up");
        using var far = FrameSocket.Open(elsewhere, "far");
        (first with { Far = far }).AssertReaches(target);
    }

    [Fact]
    public async Task IndexIsAKeyInUse_TheLaterEntryFailsUntilTheKeyIsFree()
    {
        await using var testbed = await daemon.UseAsync();
        var (held, target) = (testbed.AddPort(), testbed.AddPort());
        var number = FreeIndex.ToString(CultureInfo.InvariantCulture);
        await testbed.Http.PutEntryAsync(Testbed.ByInterface, number, held.Name);
        await testbed.Http.PutEntryAsync(Testbed.ByInterface, "late", target.Name, allowPending: true);

        var late = testbed.AddPort("late", ifindex: FreeIndex);
        await testbed.WaitForStateAsync(Testbed.ByInterface, "late", "Failed");
        await testbed.AssertConsistentAsync($"{Testbed.ByInterface}/late");
        var fault = (await testbed.Http.EntryAsync(Testbed.ByInterface, "late")).Status.Faults.First();
        Assert.Equal("KeyConflict", fault.Reason);
        Assert.Contains($"entries/{number}", fault.Message, StringComparison.Ordinal);
        Assert.Equal(held.Pair.Ifindex, testbed.KernelMap(Testbed.ByInterface)[FreeIndex]);

        await testbed.Http.RemoveAsync($"/v1/devmaps/{Testbed.ByInterface}/entries/{number}");
        await testbed.WaitForStateAsync(Testbed.ByInterface, "late", "Forwarding");
        await testbed.AssertConsistentAsync();
        await testbed.Http.AttachAsync(Testbed.ByInterface, "late");
        late.AssertReaches(target);
    }

    [Fact]
    public async Task IndexIsAKeyInUse_TheInterfaceReturnsWithAnother_ItsEntryIsWritten()
    {
        await using var testbed = await daemon.UseAsync();
        var (held, target) = (testbed.AddPort(), testbed.AddPort());
        await testbed.Http.PutEntryAsync(Testbed.ByInterface, FreeIndex.ToString(CultureInfo.InvariantCulture), held.Name);
        await testbed.Http.PutEntryAsync(Testbed.ByInterface, "late", target.Name, allowPending: true);
        testbed.Batch($"link add name late index {FreeIndex} up type veth peer name latep");
        await testbed.WaitForStateAsync(Testbed.ByInterface, "late", "Failed");

        testbed.Batch("link del dev late");
        await testbed.WaitForStateAsync(Testbed.ByInterface, "late", "Pending");
        await testbed.AssertConsistentAsync();
        var late = testbed.AddPort("late");

        await testbed.WaitForStateAsync(Testbed.ByInterface, "late", "Forwarding");
        await testbed.AssertConsistentAsync();
        Assert.Equal(2, testbed.KernelMap(Testbed.ByInterface).Count);
        await testbed.Http.AttachAsync(Testbed.ByInterface, "late");
        late.AssertReaches(target);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Renamed_AwayAndBack_EverythingIsRestored(bool unseen)
    {
        await using var testbed = await daemon.UseAsync();
        var (ingress, target) = await BothWaysAsync(testbed);
        string[] away = [.. Rename(ingress.Name, "away1"), .. Rename(target.Name, "away2")];
        string[] back = [.. Rename("away1", ingress.Name), .. Rename("away2", target.Name)];

        if (unseen)
        {
            await testbed.BatchUnseenAsync([.. away, .. back]);
        }
        else
        {
            testbed.Batch(away);
            await testbed.WaitForStateAsync(Testbed.ByInterface, ingress.Name, "Pending");
            await testbed.AssertConsistentAsync();
            testbed.Batch(back);
        }

        await testbed.WaitForStateAsync(Testbed.ByInterface, ingress.Name, "Forwarding");
        await testbed.AssertConsistentAsync();
        ingress.AssertReaches(target);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Renamed_OtherDevicesToTheDesiredNames_EntriesFollowTheNames(bool unseen)
    {
        await using var testbed = await daemon.UseAsync();
        var (ingress, target) = await BothWaysAsync(testbed);
        var (otherIngress, otherTarget) = (testbed.AddPort(), testbed.AddPort());

        await ChangeAsync(
            testbed,
            unseen,
            [
                .. Rename(ingress.Name, "away1"), .. Rename(otherIngress.Name, ingress.Name),
                .. Rename(target.Name, "away2"), .. Rename(otherTarget.Name, target.Name),
            ]);

        await testbed.AssertConsistentAsync();
        await testbed.WaitForStateAsync(Testbed.ByInterface, ingress.Name, "Forwarding");
        otherIngress.AssertReaches(otherTarget);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Renamed_NamesExchanged_EntriesAndAttachmentsFollowTheNames(bool unseen)
    {
        await using var testbed = await daemon.UseAsync();
        Port[] ingress = [testbed.AddPort(), testbed.AddPort()];
        Port[] target = [testbed.AddPort(), testbed.AddPort()];
        foreach (var (from, to) in ingress.Zip(target))
        {
            await testbed.Http.AttachAsync(Testbed.ByInterface, from.Name);
            await testbed.Http.PutEntryAsync(Testbed.ByInterface, from.Name, to.Name);
        }

        await ChangeAsync(
            testbed, unseen, [.. Rename(ingress[0].Name, "between"), .. Rename(ingress[1].Name, ingress[0].Name), .. Rename("between", ingress[1].Name)]);

        await testbed.AssertConsistentAsync();
        ingress[0].AssertReaches(target[1]);
        ingress[1].AssertReaches(target[0]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MovedToAnotherNamespaceAndBack_EverythingIsRestored(bool unseen)
    {
        await using var testbed = await daemon.UseAsync();
        var (ingress, target) = await BothWaysAsync(testbed);
        using var elsewhere = NetworkNamespace.Create();
        if (unseen)
            await testbed.Runner.Daemon.SignalAsync("STOP");

        foreach (var port in new[] { ingress, target })
            testbed.Space.Shell("ip", "link", "set", "dev", port.Name, "netns", elsewhere.Path);
        if (!unseen)
        {
            await testbed.WaitForStateAsync(Testbed.ByInterface, ingress.Name, "Pending");
            await testbed.AssertConsistentAsync();
        }

        foreach (var port in new[] { ingress, target })
        {
            elsewhere.Shell("ip", "link", "set", "dev", port.Name, "netns", testbed.Space.Path);
            port.Pair.SetUp(true);
        }

        if (unseen)
            await testbed.Runner.Daemon.SignalAsync("CONT");
        await testbed.AssertConsistentAsync();
        await testbed.WaitForStateAsync(Testbed.ByInterface, ingress.Name, "Forwarding");
        ingress.AssertReaches(target);
        target.AssertReaches(ingress);
    }

    /// <summary>Makes two ports and forwards frames of each to the other.</summary>
    private static async Task<(Port Ingress, Port Target)> BothWaysAsync(Testbed testbed)
    {
        var (first, second) = (testbed.AddPort(), testbed.AddPort());
        foreach (var (from, to) in new[] { (first, second), (second, first) })
        {
            await testbed.Http.AttachAsync(Testbed.ByInterface, from.Name);
            await testbed.Http.PutEntryAsync(Testbed.ByInterface, from.Name, to.Name);
        }

        return (first, second);
    }

    // Down, because Linux before 6.2 does not rename an interface that is up.
    private static string[] Rename(string from, string to) =>
        [$"link set dev {from} down", $"link set dev {from} name {to}", $"link set dev {to} up"];

    private static async Task ChangeAsync(Testbed testbed, bool unseen, params IEnumerable<string> commands)
    {
        if (unseen)
            await testbed.BatchUnseenAsync(commands);
        else
            testbed.Batch(commands);
    }
}
