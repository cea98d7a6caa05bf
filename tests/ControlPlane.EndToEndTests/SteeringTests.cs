using ControlPlane.EndToEndTests.World;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>Entries put by REST, and frames that take the way they say.</summary>
public sealed class SteeringTests
{
    private const int Count = 40;

    [Theory]
    [InlineData(Site.ByInterface, "native")]
    [InlineData(Site.ByVlan, "native")]
    [InlineData(Site.ByAddress, "native")]
    [InlineData(Site.ByInterface, "generic")]
    [InlineData(Site.ByVlan, "generic")]
    [InlineData(Site.ByAddress, "generic")]
    public async Task Entry_BySelector_SteersCountsAndEnds(string devmap, string mode)
    {
        await using var site = await Site.StartAsync();
        var (ingress, target, bystander) = (site.AddPort(), site.AddPort(), site.AddPort());
        var key = devmap switch { Site.ByInterface => ingress.Name, Site.ByVlan => "100", _ => "10.0.0.7" };
        await site.Http.AttachAsync(devmap, ingress.Name, mode);

        // Without an entry: the miss action.
        var (run, frames) = NewFrames();
        Assert.All(ingress.Send(frames, run, target, bystander), Assert.Empty);

        var entry = await site.Http.PutEntryAsync(devmap, key, target.Name);
        Assert.Equal("Forwarding", entry.Status.State);
        Assert.Equal(target.Pair.Ifindex, site.KernelMap(devmap)[entry.KernelKey!.Value]);
        (run, frames) = NewFrames();
        var arrived = ingress.Send(frames, run, target, bystander);
        Assert.Equal(frames, arrived[0]);
        Assert.Empty(arrived[1]);
        var status = (await site.Http.EntryAsync(devmap, key)).Status;
        Assert.Equal(((ulong)Count, (ulong)frames.Sum(f => f.Length)), (status.Packets, status.Bytes));

        await site.Http.RemoveAsync($"/v1/devmaps/{devmap}/entries/{key}");
        Assert.Empty(site.KernelMap(devmap));
        (run, frames) = NewFrames();
        Assert.All(ingress.Send(frames, run, target, bystander), Assert.Empty);
        var traffic = (await site.Http.DevmapAsync(devmap)).Status.Traffic;
        Assert.Equal(((ulong)Count, 2ul * Count, 0ul), (traffic.RedirectedPackets, traffic.MissedPackets, traffic.UnkeyedPackets));
    }

    [Fact]
    public async Task EgressProgram_OfAnEntry_ChangesAndCountsItsFrames()
    {
        await using var site = await Site.StartAsync();
        var (ingress, target) = (site.AddPort(), site.AddPort());
        await site.Http.WriteAsync<EgressProgram>("/v1/programs/untag", new { template = "pop-vlan" });
        await site.Http.AttachAsync(Site.ByVlan, ingress.Name);
        await site.Http.PutEntryAsync(Site.ByVlan, "100", target.Name, "untag");

        var (run, frames) = NewFrames();
        var arrived = ingress.Send(frames, run, target);

        Assert.Equal(frames.Select(Frames.WithoutTag), arrived[0]);
        var program = await site.Http.ReadAsync<EgressProgram>("/v1/programs/untag");
        Assert.Equal((1, (ulong)Count), (program.Status.Entries, program.Status.Packets));
    }

    // With a tag and an address that every selector has a key for.
    private static (ulong Run, IReadOnlyList<byte[]> Frames) NewFrames()
    {
        var run = FrameMark.NewRun();
        return (run, [.. Enumerable.Range(0, Count).Select(i =>
            Frames.Udp(new FrameMark(run, (ulong)i), "10.0.0.7", 64 + i, new VlanTag(100)))]);
    }
}
