using System.Buffers.Binary;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>Actions of entries by REST, and the frames that leave.</summary>
[Trait("Group", "kernels")]
public sealed class ActionTests(SharedDaemon daemon) : IClassFixture<SharedDaemon>
{
    private const int Count = 10;
    private const int TimeToLiveAt = Frames.EthernetBytes + 8;

    private static readonly Core.Model.MacAddress _source = new(0x02000000000a);
    private static readonly Core.Model.MacAddress _destination = new(0x02000000000b);

    [Theory]
    [InlineData("native")]
    [InlineData("generic")]
    [InlineData("tcx")]
    public async Task Actions_InEveryMode_ChangeFramesAsExplained(string mode)
    {
        await using var testbed = await daemon.UseAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        await testbed.Http.AttachAsync(Testbed.ByAddress, ingress.Name, mode);
        await PutAsync(testbed, Testbed.ByAddress, "10.0.0.7", target, new { sourceMac = $"{_source}", destinationMac = $"{_destination}", pushVlan = 100, decrementTtl = true });

        var (run, frames) = NewFrames();
        var arrived = ingress.Send(frames, run, target, expected: Count);

        Assert.Equal(Count, arrived.Count);
        Assert.All(arrived, frame =>
        {
            Assert.Equal([100], Frames.TagsOf(frame));
            var untagged = Frames.WithoutTag(frame);
            Assert.Equal(63, untagged[TimeToLiveAt]);
            Assert.True(Frames.ChecksumsAreRight(untagged));
            Assert.Equal(_destination, Core.Model.MacAddress.Read(frame));
            Assert.Equal(_source, Core.Model.MacAddress.Read(frame.AsSpan(6)));
        });
        var explained = await testbed.Http.ReadAsync<Explanation>($"/v1/devmaps/{Testbed.ByAddress}:explain?ingress={ingress.Name}&dst=10.0.0.7&length=92");
        Assert.Equal(("leaves", 100, arrived[0].Length), (explained.Verdict.Outcome, explained.Verdict.Leaving!.Vlan, explained.Verdict.Leaving.Bytes));
    }

    [Theory]
    [InlineData("native")]
    [InlineData("generic")]
    [InlineData("tcx")]
    public async Task ActionThatNeedsATag_DropsFramesWithout_AndCountsThem(string mode)
    {
        await using var testbed = await daemon.UseAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        await testbed.Http.AttachAsync(Testbed.ByAddress, ingress.Name, mode);
        var failed = FailedOf(await PutAsync(testbed, Testbed.ByAddress, "10.0.0.7", target, new { setVlan = 200 }));
        var before = (await testbed.Http.DevmapAsync(Testbed.ByAddress)).Status.Traffic.ActionFailedPackets;

        var (run, tagged) = NewFrames(new VlanTag(100));
        Assert.Equal(tagged.Select(f => Frames.WithTag(Frames.WithoutTag(f), new VlanTag(200))), ingress.Send(tagged, run, target, expected: Count));
        (run, var untagged) = NewFrames();
        Assert.All(ingress.Send(untagged, run, [target]), Assert.Empty);

        await Eventually.Async(async () => FailedOf(await testbed.Http.EntryAsync(Testbed.ByAddress, "10.0.0.7")) == failed + Count);
        Assert.Equal(before + Count, (await testbed.Http.DevmapAsync(Testbed.ByAddress)).Status.Traffic.ActionFailedPackets);
        var explained = await testbed.Http.ReadAsync<Explanation>($"/v1/devmaps/{Testbed.ByAddress}:explain?ingress={ingress.Name}&dst=10.0.0.7");
        Assert.Equal(("dropped", "ActionFailed"), (explained.Verdict.Outcome, explained.Verdict.Reason));
    }

    [Theory]
    [InlineData("native")]
    [InlineData("generic")]
    [InlineData("tcx")]
    public async Task PacketsWhoseTtlRunsOut_GoToTheStack_AndAreCounted(string mode)
    {
        await using var testbed = await daemon.UseAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        await testbed.Http.AttachAsync(Testbed.ByAddress, ingress.Name, mode);
        var put = await PutAsync(testbed, Testbed.ByAddress, "10.0.0.7", target, new { decrementTtl = true });

        var (run, frames) = NewFrames();
        Assert.All(ingress.Send(frames.Select(WithLastHop), run, [target]), Assert.Empty);

        await Eventually.Async(async () => (await testbed.Http.EntryAsync(Testbed.ByAddress, "10.0.0.7")).Status.Expired == put.Status.Expired + Count);
        Assert.Equal(FailedOf(put), FailedOf(await testbed.Http.EntryAsync(Testbed.ByAddress, "10.0.0.7")));
        var explained = await testbed.Http.ReadAsync<Explanation>($"/v1/devmaps/{Testbed.ByAddress}:explain?ingress={ingress.Name}&dst=10.0.0.7&ttl=1");
        Assert.Equal(("passed", "Expired"), (explained.Verdict.Outcome, explained.Verdict.Reason));
    }

    [Fact]
    public async Task Entries_WithOtherActionsForOneTarget_KeepTheirOwn()
    {
        await using var testbed = await daemon.UseAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        await testbed.Http.AttachAsync(Testbed.ByAddress, ingress.Name);
        for (var i = 1; i <= 3; i++)
            await PutAsync(testbed, Testbed.ByAddress, $"10.0.0.{i}", target, new { pushVlan = 100 * i });

        var run = FrameMark.NewRun();
        var arrived = ingress.Send([.. Enumerable.Range(1, 3).Select(i => Frames.Udp(new FrameMark(run, (ulong)i), $"10.0.0.{i}"))], run, target, expected: 3);

        Assert.Equal([100, 200, 300], arrived.Select(f => (int)Frames.TagsOf(f)[0]).Order());
    }

    [Fact]
    public async Task Restart_KeepsActions()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        await testbed.Http.AttachAsync(Testbed.ByInterface, ingress.Name);
        var put = await PutAsync(testbed, Testbed.ByInterface, ingress.Name, target, new { destinationMac = $"{_destination}", pushVlan = 100 });

        Assert.Equal(0, await testbed.Runner.StopAsync());
        AssertTagged(); // while no daemon runs
        await testbed.Runner.StartAsync();

        var after = await testbed.Http.EntryAsync(Testbed.ByInterface, ingress.Name);
        Assert.Equal((put.Revision, put.Spec), (after.Revision, after.Spec));
        Assert.Equal(0, (await testbed.Http.AuditAsync(Testbed.ByInterface)).Found);
        AssertTagged();

        void AssertTagged()
        {
            var (run, frames) = NewFrames();
            Assert.All(ingress.Send(frames, run, target, expected: Count), f => Assert.Equal([100], Frames.TagsOf(f)));
        }
    }

    // Counts belong to the key, and the tests share a daemon.
    private static ulong FailedOf(Entry entry) => entry.Status.Drops.SingleOrDefault(d => d.Cause == "actionFailed")?.Packets ?? 0;

    private static Task<Entry> PutAsync(Testbed testbed, string devmap, string key, Port target, object actions) =>
        testbed.Http.WriteAsync<Entry>($"/v1/devmaps/{devmap}/entries/{key}", new { @interface = target.Name, actions });

    private static (ulong Run, IReadOnlyList<byte[]> Frames) NewFrames(params VlanTag[] tags)
    {
        var run = FrameMark.NewRun();
        return (run, [.. Enumerable.Range(0, Count).Select(i => Frames.Udp(new FrameMark(run, (ulong)i), "10.0.0.7", 64, tags))]);
    }

    // RFC 1624: the checksum grows by as much as the word of the time to live shrinks.
    private static byte[] WithLastHop(byte[] frame)
    {
        var changed = frame.ToArray();
        var checksum = changed.AsSpan(TimeToLiveAt + 2);
        var sum = BinaryPrimitives.ReadUInt16BigEndian(checksum) + ((changed[TimeToLiveAt] - 1) << 8);
        BinaryPrimitives.WriteUInt16BigEndian(checksum, (ushort)(sum + (sum >> 16)));
        changed[TimeToLiveAt] = 1;
        return changed;
    }
}
