using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using ControlPlane.KernelTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Bpf;

/// <summary>The completion of partial checksums, byte by byte against frames whose checksums are right.</summary>
public sealed class ChecksumTests : IDisposable
{
    private const uint Loopback = 1; // where a test run arrives
    private const int LargestFrame = 3_400; // a test run takes no more; native mode on a veth takes about 3,500
    private readonly KernelTestbed _testbed = new();
    private readonly VethPair _veth = VethPair.Create(NetworkNamespace.Initial);
    private readonly IDevmap _devmap;
    private readonly FileDescriptor _program;

    public ChecksumTests()
    {
        _devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16, MissAction: MissAction.Pass)));
        _devmap.Update(KernelTestbed.Scope, Loopback, _veth.Ifindex, null);
        _program = Pin.OpenProgram(Path.Combine(_testbed.DevmapFolder("default"), "complete"));
    }

    public void Dispose()
    {
        _program.Dispose();
        _devmap.Dispose();
        _veth.Dispose();
        _testbed.Dispose();
    }

    [Theory]
    [InlineData(TransportFrame.Udp, false, 1472)]
    [InlineData(TransportFrame.Udp, true, 1452)]
    [InlineData(TransportFrame.Tcp, false, 1460)]
    [InlineData(TransportFrame.Tcp, true, 1440)]
    public void EveryLength_IsCompleted(byte protocol, bool ipv6, int longest)
    {
        for (var length = 0; length <= longest; length++)
            AssertCompleted(new TransportFrame(protocol, ipv6, length));
        Assert.Equal((ulong)longest + 1, _devmap.ReadTotals()!.Value.ChecksumsCompleted);
    }

    [Theory]
    [InlineData(TransportFrame.Udp, false)]
    [InlineData(TransportFrame.Tcp, true)]
    public void FramesUpToWhatNativeModeTakes_AreCompleted(byte protocol, bool ipv6)
    {
        for (var length = 1500; new TransportFrame(protocol, ipv6, length).Bytes().Length <= LargestFrame; length += 61)
            AssertCompleted(new TransportFrame(protocol, ipv6, length));
    }

    [Theory]
    [InlineData(1, 0, 0)]
    [InlineData(2, 0, 0)]
    [InlineData(0, 5, 0)] // words of IPv4 options
    [InlineData(2, 10, 0)]
    [InlineData(0, 0, 1)] // IPv6 headers for hops and destinations
    [InlineData(1, 0, 3)]
    public void BehindTagsAndOptions_IsCompleted(int tags, int options, int extensions)
    {
        foreach (var protocol in new[] { TransportFrame.Udp, TransportFrame.Tcp })
        {
            for (var length = 0; length < 70; length++)
                AssertCompleted(new TransportFrame(protocol, extensions > 0, length) { Tags = tags, OptionWords = options, Extensions = extensions });
        }
    }

    [Fact]
    public void SumOfZero_IsWrittenAsOnes()
    {
        // Of 65,536 payloads one makes the checksum zero, which UDP takes for none.
        var zeros = 0;
        for (var value = 0; value < 65_536 && zeros == 0; value++)
        {
            var frame = new TransportFrame(TransportFrame.Udp, Ipv6: true, 2) { Payload = (ushort)value };
            if (frame.Checksum != 0xffff)
                continue;
            zeros++;
            AssertCompleted(frame);
        }

        Assert.Equal(1, zeros);
    }

    [Fact]
    public void WholeChecksums_StayAsTheyAre()
    {
        foreach (var ipv6 in new[] { false, true })
        {
            foreach (var protocol in new[] { TransportFrame.Udp, TransportFrame.Tcp })
            {
                var whole = new TransportFrame(protocol, ipv6, 100).Bytes();
                Assert.Equal(whole, Run(whole));
            }
        }

        byte[][] others =
        [
            new TransportFrame(TransportFrame.Udp, false, 100) { Field = 0 }.Bytes(), // UDP without a checksum
            new TransportFrame(TransportFrame.Udp, false, 100) { Fragment = 0x2000 }.Partial(), // the sender completed it before it cut the packet
            new TransportFrame(TransportFrame.Udp, false, 100) { Fragment = 7 }.Partial(),
            Frames.Arp(default),
            Frames.Raw(default, 0x88b5),
            new TransportFrame(TransportFrame.Tcp, false, 100) { Tags = 3 }.Partial(),
            new TransportFrame(TransportFrame.Tcp, false, 0).Bytes()[..40],
            new TransportFrame(TransportFrame.Tcp, true, 0).Bytes()[..50],
        ];
        Assert.All(others, frame => Assert.Equal(frame, Run(frame)));
        Assert.Equal((0ul, 0ul), Counts);
    }

    [Fact]
    public void WhatCannotBeCompleted_IsCounted()
    {
        byte[][] frames =
        [
            new TransportFrame(TransportFrame.Sctp, false, 100).Partial(),
            new TransportFrame(TransportFrame.Sctp, true, 100).Partial(),
            new TransportFrame(TransportFrame.Udp, true, 100) { RoutingHeader = true }.Partial(),
            new TransportFrame(TransportFrame.Udp, true, 100) { Extensions = 4 }.Partial(),
            new TransportFrame(TransportFrame.Udp, false, 700).Partial()[..600], // cut off
            new TransportFrame(TransportFrame.Udp, false, 100).Partial()[..130],
        ];
        Assert.All(frames, frame => Assert.Equal(frame, Run(frame)));
        Assert.Equal((0ul, (ulong)frames.Length), Counts);
        var whole = new TransportFrame(TransportFrame.Sctp, false, 100) { Field = 0x1234 }.Bytes();
        Assert.Equal(whole, Run(whole));
        Assert.Equal((0ul, (ulong)frames.Length), Counts);
    }

    [Fact]
    public void FrameThatIsNotRedirected_StaysAsItIs()
    {
        _devmap.Delete(KernelTestbed.Scope, Loopback);
        var partial = new TransportFrame(TransportFrame.Udp, false, 100).Partial();
        var (action, after) = XdpRun.On(_program, partial);
        Assert.Equal(BpfConstants.XDP_PASS, action);
        Assert.Equal(partial, after);
        Assert.Equal((0ul, 0ul), Counts);
    }

    private (ulong Completed, ulong Incomplete) Counts =>
        (_devmap.ReadTotals()!.Value.ChecksumsCompleted, _devmap.ReadTotals()!.Value.ChecksumsIncomplete);

    private void AssertCompleted(TransportFrame frame)
    {
        var (expected, found) = (frame.Bytes(), Run(frame.Partial()));
        Assert.True(expected.AsSpan().SequenceEqual(found), $"{frame}: {Convert.ToHexString(expected)} became {Convert.ToHexString(found)}");
    }

    private byte[] Run(byte[] frame)
    {
        var (action, after) = XdpRun.On(_program, frame);
        Assert.Equal(BpfConstants.XDP_REDIRECT, action);
        return after;
    }
}
