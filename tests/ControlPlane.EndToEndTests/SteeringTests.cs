using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>Entries by REST, and the frames that they forward.</summary>
[Trait("Group", "kernels")]
public sealed class SteeringTests(SharedDaemon daemon) : IClassFixture<SharedDaemon>
{
    private const int Count = 40;

    [Theory]
    [InlineData(Testbed.ByInterface, "native")]
    [InlineData(Testbed.ByVlan, "native")]
    [InlineData(Testbed.ByAddress, "native")]
    [InlineData(Testbed.ByInterface, "generic")]
    [InlineData(Testbed.ByVlan, "generic")]
    [InlineData(Testbed.ByAddress, "generic")]
    [InlineData(Testbed.ByInterface, "tcx")]
    [InlineData(Testbed.ByVlan, "tcx")]
    [InlineData(Testbed.ByAddress, "tcx")]
    public async Task Entry_OfEachSelector_ForwardsCountsAndEnds(string devmap, string mode)
    {
        await using var testbed = await daemon.UseAsync();
        var (ingress, target, bystander) = (testbed.AddPort(), testbed.AddPort(), testbed.AddPort());
        var key = devmap switch { Testbed.ByInterface => ingress.Name, Testbed.ByVlan => "100", _ => "10.0.0.7" };
        await testbed.Http.AttachAsync(devmap, ingress.Name, mode);
        var before = (await testbed.Http.DevmapAsync(devmap)).Status.Traffic;

        // Without an entry: the miss action.
        var (run, frames) = NewFrames();
        Assert.All(ingress.Send(frames, run, target, bystander), Assert.Empty);

        var entry = await testbed.Http.PutEntryAsync(devmap, key, target.Name);
        Assert.Equal(await testbed.ArrivingAsync(), entry.Status.State);
        Assert.Equal(target.Pair.Ifindex, testbed.KernelMap(devmap)[entry.KernelKey!.Value]);
        (run, frames) = NewFrames();
        Assert.Equal(frames, ingress.Send(frames, run, target, expected: Count));
        Assert.Empty(bystander.Far.ReceiveUntilQuiet(run, TimeSpan.Zero));
        var status = (await testbed.Http.EntryAsync(devmap, key)).Status;
        Assert.Equal(((ulong)Count, (ulong)frames.Sum(f => f.Length)), (status.Packets, status.Bytes));

        await testbed.Http.RemoveAsync($"/v1/devmaps/{devmap}/entries/{key}");
        Assert.Empty(testbed.KernelMap(devmap));
        (run, frames) = NewFrames();
        Assert.All(ingress.Send(frames, run, target, bystander), Assert.Empty);
        var traffic = (await testbed.Http.DevmapAsync(devmap)).Status.Traffic;
        Assert.Equal(
            (before.RedirectedPackets + Count, before.MissedPackets + (2 * Count), before.UnkeyedPackets),
            (traffic.RedirectedPackets, traffic.MissedPackets, traffic.UnkeyedPackets));
    }

    [Fact]
    public async Task EgressProgram_OfAnEntry_ChangesAndCountsItsFrames()
    {
        await using var testbed = await daemon.UseAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        await testbed.Http.WriteAsync<EgressProgram>("/v1/programs/untag", new { template = "popVlan" });
        await testbed.Http.AttachAsync(Testbed.ByVlan, ingress.Name);
        await testbed.Http.PutEntryAsync(Testbed.ByVlan, "100", target.Name, "untag");

        var (run, frames) = NewFrames();
        var arrived = ingress.Send(frames, run, target, expected: Count);

        Assert.Equal(frames.Select(Frames.WithoutTag), arrived);
        var program = await testbed.Http.ReadAsync<EgressProgram>("/v1/programs/untag");
        Assert.Equal((1, (ulong)Count), (program.Status.Entries, program.Status.Packets));
    }

    // With a tag and an address, so that every selector has a key for them.
    private static (ulong Run, IReadOnlyList<byte[]> Frames) NewFrames()
    {
        var run = FrameMark.NewRun();
        return (run, [.. Enumerable.Range(0, Count).Select(i =>
            Frames.Udp(new FrameMark(run, (ulong)i), "10.0.0.7", 64 + i, new VlanTag(100)))]);
    }
}
