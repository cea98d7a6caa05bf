using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>Interfaces that are removed and come back with another index.</summary>
[Trait("Group", "kernels")]
public sealed class HotplugTests(SharedDaemon daemon) : IClassFixture<SharedDaemon>
{
    [Fact]
    public async Task Target_DeletedAndCreatedAgain_EntryIsPendingThenForwards()
    {
        await using var testbed = await daemon.UseAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        await testbed.Http.AttachAsync(Testbed.ByAddress, ingress.Name);
        var first = await testbed.Http.PutEntryAsync(Testbed.ByAddress, "10.0.0.7", target.Name);
        ingress.AssertReaches(target);

        target.Pair.Delete();
        await testbed.WaitForStateAsync(Testbed.ByAddress, "10.0.0.7", "Pending");
        Assert.Empty(testbed.KernelMap(Testbed.ByAddress));

        var again = testbed.AddPort(target.Name);
        await testbed.WaitUntilArrivingAsync(Testbed.ByAddress, "10.0.0.7");
        ingress.AssertReaches(again);
        var entry = await testbed.Http.EntryAsync(Testbed.ByAddress, "10.0.0.7");
        Assert.Equal(again.Pair.Ifindex, entry.Status.Ifindex);
        Assert.Equal(first.Revision, entry.Revision); // the desired state is the same
        Assert.Equal(1ul, entry.Status.Packets); // the element in the kernel is new
    }

    [Fact]
    public async Task Ingress_DeletedAndCreatedAgain_IsAttachedAgainAndItsEntryFollows()
    {
        await using var testbed = await daemon.UseAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        await testbed.Http.AttachAsync(Testbed.ByInterface, ingress.Name);
        var before = await testbed.Http.PutEntryAsync(Testbed.ByInterface, ingress.Name, target.Name);

        ingress.Pair.Delete();
        await testbed.WaitForStateAsync(Testbed.ByInterface, ingress.Name, "Pending");
        var attachment = $"/v1/devmaps/{Testbed.ByInterface}/attachments/{ingress.Name}";
        await Eventually.Async(async () => (await testbed.Http.ReadAsync<Attachment>(attachment)).Status.State == "Pending");

        var again = testbed.AddPort(ingress.Name);
        await Eventually.Async(async () => (await testbed.Http.ReadAsync<Attachment>(attachment)).Status.State == "Attached");
        await testbed.WaitUntilArrivingAsync(Testbed.ByInterface, ingress.Name);
        var entry = await testbed.Http.EntryAsync(Testbed.ByInterface, ingress.Name);
        Assert.NotEqual(before.KernelKey, entry.KernelKey);
        Assert.Equal([entry.KernelKey!.Value], testbed.KernelMap(Testbed.ByInterface).Keys);
        again.AssertReaches(target);
    }

    [Fact]
    public async Task Target_MovedToAnotherNamespaceAndBack_EntryFollows()
    {
        await using var testbed = await daemon.UseAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        await testbed.Http.AttachAsync(Testbed.ByAddress, ingress.Name);
        await testbed.Http.PutEntryAsync(Testbed.ByAddress, "10.0.0.7", target.Name);
        using var elsewhere = NetworkNamespace.Create();

        testbed.Space.Shell("ip", "link", "set", "dev", target.Name, "netns", elsewhere.Path);
        await testbed.WaitForStateAsync(Testbed.ByAddress, "10.0.0.7", "Pending");
        elsewhere.Shell("ip", "link", "set", "dev", target.Name, "netns", testbed.Space.Path);
        target.Pair.SetUp(true);

        await testbed.WaitUntilArrivingAsync(Testbed.ByAddress, "10.0.0.7");
        ingress.AssertReaches(target);
    }

    [Fact]
    public async Task Target_DeletedWhileNoDaemonRuns_IsPendingAtTheNextStart()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target, stays) = (testbed.AddPort(), testbed.AddPort(), testbed.AddPort());
        await testbed.Http.AttachAsync(Testbed.ByAddress, ingress.Name);
        await testbed.Http.PutEntryAsync(Testbed.ByAddress, "10.0.0.7", stays.Name);
        await testbed.Http.PutEntryAsync(Testbed.ByAddress, "10.0.0.8", target.Name);
        await testbed.Runner.StopAsync();
        target.Pair.Delete();
        ingress.Pair.Delete();
        var again = testbed.AddPort(ingress.Name);

        await testbed.Runner.StartAsync();

        var arriving = await testbed.ArrivingAsync();
        var entries = await testbed.Http.ListAsync(Testbed.ByAddress);
        Assert.Equal("10.0.0.7", Assert.Single(entries, e => e.Status.State == arriving).Key);
        await Eventually.Async(async () => (await testbed.Http.ReadAsync<Attachment>(
            $"/v1/devmaps/{Testbed.ByAddress}/attachments/{ingress.Name}")).Status.State == "Attached");
        again.AssertReaches(stays);
    }
}
