using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Lab;

public sealed class LabTests : IDisposable
{
    private static readonly TimeSpan Deadline = Patience.OfSeconds(10);
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(50);
    private readonly NetworkNamespace _space = NetworkNamespace.Create();

    public void Dispose() => _space.Dispose();

    public static TheoryData<string, byte[]> Kinds()
    {
        var mark = new FrameMark(0, 0);
        return new TheoryData<string, byte[]>
        {
            { "udp", Frames.Udp(mark) },
            { "udp, 802.1Q", Frames.Udp(mark, tags: new VlanTag(100, Priority: 5)) },
            { "udp, 802.1ad", Frames.Udp(mark, tags: VlanTag.Service(7)) },
            { "udp, two tags", Frames.Udp(mark, tags: [VlanTag.Service(7), new VlanTag(100)]) },
            { "udp, priority tag", Frames.Udp(mark, tags: new VlanTag(0, Priority: 3)) },
            { "udp, 1500 bytes", Frames.Udp(mark, payload: 1472) },
            { "arp", Frames.Arp(mark) },
            { "unknown protocol", Frames.Raw(mark, 0x88b5) },
        };
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Frame_OverVeth_ArrivesByteForByte(string kind, byte[] frame)
    {
        Assert.NotEmpty(kind);
        using var pair = VethPair.Create(_space);
        using var near = FrameSocket.Open(_space, pair.Name);
        using var far = FrameSocket.OpenPeer(pair);
        var run = FrameMark.NewRun();
        new FrameMark(run, 3).WriteTo(frame);

        near.Send(frame);

        Assert.Equal(frame, Assert.Single(far.Receive(run, 1, Deadline)));
        Assert.Empty(far.ReceiveUntilQuiet(run, Quiet));
        Assert.Empty(near.ReceiveUntilQuiet(run, Quiet)); // its own are not received
    }

    [Theory]
    [InlineData(24)]
    [InlineData(25)]
    [InlineData(1472)]
    public void Udp_Checksums_AreRight(int payload)
    {
        var frame = Frames.Udp(new FrameMark(FrameMark.NewRun(), 42), "192.168.7.9", payload);
        Assert.True(Frames.ChecksumsAreRight(frame));
        frame[^1]++;
        Assert.False(Frames.ChecksumsAreRight(frame));
    }

    [Fact]
    public void WithTag_WithoutTag_IsTheSame()
    {
        var frame = Frames.Udp(new FrameMark(1, 2));
        var tagged = Frames.WithTag(frame, new VlanTag(100));
        Assert.Equal(Frames.Udp(new FrameMark(1, 2), tags: new VlanTag(100)), tagged);
        Assert.Equal(frame, Frames.WithoutTag(tagged));
    }

    [Fact]
    public async Task Traffic_CleanWire_EachFrameOnce()
    {
        using var pair = VethPair.Create(_space, new VethOptions { AcceptsRedirect = true });
        using var near = FrameSocket.Open(_space, pair.Name);
        using var far = FrameSocket.OpenPeer(pair);
        var run = FrameMark.NewRun();
        using var receiver = TrafficReceiver.Start(far, run);

        await using var generator = TrafficGenerator.Start(near, run, mark => Frames.Udp(mark), new TrafficPlan(Frames: 5_000));
        await generator.Ended;

        var report = await receiver.ReportAsync(generator.Sent);
        Assert.Equal(new TrafficReport(5_000, 5_000, 0, null), report);
        Assert.True(report.IsPerfect);
    }

    [Fact]
    public async Task Traffic_LossAndDuplicates_AreCounted()
    {
        using var pair = VethPair.Create(_space);
        using var near = FrameSocket.Open(_space, pair.Name);
        using var far = FrameSocket.OpenPeer(pair);
        var run = FrameMark.NewRun();
        using var receiver = TrafficReceiver.Start(far, run);

        foreach (var sequence in new ulong[] { 0, 1, 3, 3, 3, 5, 1 })
            near.Send(Frames.Udp(new FrameMark(run, sequence)));
        near.Send(Frames.Udp(new FrameMark(run + 1, 2))); // another run's

        Assert.Equal(new TrafficReport(6, 4, 3, 2), await receiver.ReportAsync(6, Quiet));
    }

    [Fact]
    public async Task Traffic_LinkDownForAWhile_GoesOnAfterIt()
    {
        using var elsewhere = NetworkNamespace.Create();
        using var pair = VethPair.Create(_space, new VethOptions { PeerNamespace = elsewhere });
        using var near = FrameSocket.Open(_space, pair.Name);
        using var far = FrameSocket.OpenPeer(pair);
        var run = FrameMark.NewRun();
        pair.SetPeerUp(false);
        pair.SetPeerUp(true);

        near.Send(Frames.Udp(new FrameMark(run, 0)));
        await Task.Yield();
        Assert.Single(far.Receive(run, 1, Deadline));
    }

    [Fact]
    public void Namespace_Process_RunsInside()
    {
        using var pair = VethPair.Create(_space);
        Assert.Contains(pair.Name, _space.Shell("ip", "-br", "link"), StringComparison.Ordinal);
        Assert.DoesNotContain(pair.Name, Shell.Run("ip", "-br", "link"), StringComparison.Ordinal);
    }

    [Fact]
    public void Shell_Failure_CarriesStandardError()
    {
        var failure = Assert.Throws<ShellException>(() => _space.Shell("ip", "link", "set", "dev", "nosuch0", "up"));
        Assert.Contains("nosuch0", failure.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UndoStack_OneFails_TheOthersAreUndoneInOrder()
    {
        var order = new List<int>();
        var undo = new UndoStack();
        undo.Add(() => order.Add(1));
        undo.Add(() => throw new InvalidOperationException("stuck"));
        undo.Add(() => order.Add(3));

        await Assert.ThrowsAsync<AggregateException>(async () => await undo.DisposeAsync());
        await undo.DisposeAsync();
        Assert.Equal([3, 1], order);
    }

    [Fact]
    public async Task Leftovers_LeftInterfaceAndNamespace_AreListed()
    {
        var leftovers = Leftovers.Capture();
        var name = LabNames.Next();
        using (var named = NetworkNamespace.Create(name))
        using (var pair = VethPair.Create(NetworkNamespace.Initial, new VethOptions { PeerNamespace = named }))
        {
            Assert.Contains($"interface {pair.Name}", leftovers.Since());
            Assert.Contains($"namespace {name}", leftovers.Since());
        }

        await Eventually.Async(() => !leftovers.Since().Any(item => item.Contains(name, StringComparison.Ordinal)));
    }
}
