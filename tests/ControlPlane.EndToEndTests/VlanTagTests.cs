using System.Buffers.Binary;
using ControlPlane.Core.Errors;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>
/// VLAN tags that the stack of a sender has moved beside its frames, as every forwarder does: here a bridge behind the ingress interface.
/// Frames made by hand have their tags in them and prove nothing.
/// </summary>
public sealed class VlanTagTests(SharedDaemon daemon) : IClassFixture<SharedDaemon>
{
    private const int Vlan = 100;

    [Theory]
    [InlineData("native", 0)]
    [InlineData("generic", Vlan)]
    [InlineData("tcx", Vlan)]
    public async Task Tag_LeavesAsExplained(string mode, int leaves)
    {
        await using var testbed = await daemon.UseAsync();
        using var sender = TagSender.Create(testbed);
        var target = testbed.AddPort();
        await testbed.Http.AttachAsync(Testbed.ByInterface, sender.Ingress, mode);
        var entry = await testbed.Http.PutEntryAsync(Testbed.ByInterface, sender.Ingress, target.Name);

        var explained = await testbed.Http.ReadAsync<Explanation>($"/v1/devmaps/{Testbed.ByInterface}/entries/{sender.Ingress}:explain?vlan={Vlan}&length=100");
        var received = sender.SendTo(target, Vlan);

        Assert.Equal("leaves", explained.Verdict.Outcome);
        Assert.Equal((leaves, leaves == 0 ? 114 : 118), (explained.Verdict.Leaving!.Vlan, explained.Verdict.Leaving.Bytes));
        Assert.Equal(leaves, received);
        // Segments count for the entry in any case, and its tag only for the attachment.
        Assert.Equal(mode == "generic" ? "Undeliverable" : "Forwarding", entry.Status.State);
        Assert.Equal(mode switch { "native" => "TagsLost", "generic" => "SegmentsLost", _ => "NothingLost" }, await ReasonAsync(testbed, Testbed.ByInterface, sender.Ingress));
    }

    [Theory]
    [InlineData("native", "TagsLost")]
    [InlineData("generic", "SegmentsAndTagsLost")]
    public async Task SelectorVlan_ReportsTheLoss_AndTheRemedyRepairsIt(string mode, string reason)
    {
        await using var testbed = await daemon.UseAsync();
        using var sender = TagSender.Create(testbed);
        var target = testbed.AddPort();
        await testbed.Http.AttachAsync(Testbed.ByVlan, sender.Ingress, mode);
        var entry = await testbed.Http.PutEntryAsync(Testbed.ByVlan, $"{Vlan}", target.Name);

        Assert.Equal("Undeliverable", entry.Status.State);
        Assert.Equal(reason, await ReasonAsync(testbed, Testbed.ByVlan, sender.Ingress));
        var explained = await testbed.Http.ReadAsync<Explanation>($"/v1/devmaps/{Testbed.ByVlan}/entries/{Vlan}:explain");
        Assert.Equal(("dropped", "TagsLost"), (explained.Verdict.Outcome, explained.Verdict.Reason));
        Assert.Null(sender.SendTo(target, Vlan));

        var remedy = (await testbed.Http.ReadAsync<Attachment>($"/v1/devmaps/{Testbed.ByVlan}/attachments/{sender.Ingress}")).Status.Conditions.Single(c => c.Type == "IngressKeepsFrames").Remedy!;
        await testbed.RunRemedyAsync(remedy, sender.Pair);

        await testbed.WaitForStateAsync(Testbed.ByVlan, $"{Vlan}", "Forwarding");
        Assert.Equal(Vlan, sender.SendTo(target, Vlan));
    }

    [Theory]
    [InlineData("native")]
    [InlineData("generic")]
    public async Task EgressProgramThatHandlesTags_ReportsTheLoss_AndTheRemedyRepairsIt(string mode)
    {
        await using var testbed = await daemon.UseAsync();
        using var sender = TagSender.Create(testbed);
        var target = testbed.AddPort();
        await testbed.Http.WriteAsync<EgressProgram>("/v1/programs/pop", new { template = "popVlan" });
        await testbed.Http.AttachAsync(Testbed.ByInterface, sender.Ingress, mode);
        var entry = await testbed.Http.PutEntryAsync(Testbed.ByInterface, sender.Ingress, target.Name, "pop");
        Assert.Equal("Undeliverable", entry.Status.State);
        if (mode == "generic")
            Assert.Equal(Vlan, sender.SendTo(target, Vlan)); // the program has removed nothing

        for (var steps = 0; (await testbed.Http.EntryAsync(Testbed.ByInterface, sender.Ingress)).Status.Faults.FirstOrDefault(c => c.Type == "IngressKeepsFrames") is { } fault; steps++)
        {
            Assert.True(steps < 40, $"the remedies do not end: {fault.Message}");
            await testbed.RunRemedyAsync(fault.Remedy!, sender.Pair);
            await Task.Delay(50);
        }

        await testbed.WaitForStateAsync(Testbed.ByInterface, sender.Ingress, "Forwarding");
        Assert.Equal(0, sender.SendTo(target, Vlan));
    }

    [Fact]
    [Follows(typeof(CommonRemedies), nameof(CommonRemedies.AttachTcx))]
    public async Task OffloadsThatCannotBeSeen_AreUnverified_AndTheRemedySettlesIt()
    {
        await using var testbed = await daemon.UseAsync();
        var target = testbed.AddPort();
        testbed.Batch("link add in0 type bridge", "link set dev in0 up");
        await testbed.Http.AttachAsync(Testbed.ByInterface, "in0", "generic");
        var status = (await testbed.Http.PutEntryAsync(Testbed.ByInterface, "in0", target.Name)).Status;
        var condition = status.Faults.Single(c => c.Type == "IngressKeepsFrames");
        Assert.Equal(("Unverified", "Unknown", "OffloadsUnseen"), (status.State, condition.Status, condition.Reason));

        await testbed.FollowAsync(condition.How!);

        Assert.Equal("Forwarding", (await testbed.Http.EntryAsync(Testbed.ByInterface, "in0")).Status.State);
    }

    private static async Task<string> ReasonAsync(Testbed testbed, string devmap, string ingress) =>
        (await testbed.Http.ReadAsync<Attachment>($"/v1/devmaps/{devmap}/attachments/{ingress}")).Status.Conditions.Single(c => c.Type == "IngressKeepsFrames").Reason;

    /// <summary>A sender behind a bridge, which moves the tags of its frames beside them on their way to the ingress interface.</summary>
    private sealed class TagSender : IDisposable
    {
        private readonly NetworkNamespace _space;
        private readonly FrameSocket _socket;

        private TagSender(NetworkNamespace space, VethPair pair, FrameSocket socket) => (_space, Pair, _socket) = (space, pair, socket);

        /// <summary>The ingress interface and the bridge's port to it.</summary>
        public VethPair Pair { get; }

        public string Ingress => Pair.Name;

        public static TagSender Create(Testbed testbed)
        {
            var space = NetworkNamespace.Create(LabNames.Next());
            var pair = VethPair.Create(testbed.Space, new VethOptions { PeerNamespace = space, PeerOffloads = true });
            space.ShellWithInput(
                $"""
                link add inner type veth peer name port
                link set inner up
                link set port up
                link add br0 type bridge
                link set br0 up
                link set port master br0
                link set {pair.PeerName} master br0
                """, "ip", "-batch", "-");
            return new TagSender(space, pair, FrameSocket.Open(space, "inner"));
        }

        /// <summary>Sends tagged frames until one comes out at the target. Returns the VLAN id that it has there; 0 for an untagged frame, null if none comes.</summary>
        public int? SendTo(Port target, int vlan)
        {
            var run = FrameMark.NewRun();
            for (var i = 0; i < 5; i++)
            {
                _socket.Send(Frames.Udp(new FrameMark(run, (ulong)i), "10.0.0.7", 100, [new VlanTag((ushort)vlan)]));
                if (target.Far.ReceiveUntilQuiet(run, TimeSpan.FromMilliseconds(100)) is [var frame, ..])
                    return BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(12)) == VlanTag.CustomerProtocol ? BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(14)) & 0xfff : 0;
            }

            return null;
        }

        public void Dispose()
        {
            _socket.Dispose();
            Pair.Dispose();
            _space.Dispose();
        }
    }
}
