using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.Status;

namespace ControlPlane.UnitTests.Core;

/// <summary>The fates of a probe's frames, and the verdict. Live traffic can be among the counted frames.</summary>
public sealed class ProbeVerdictTests
{
    private const ulong Frames = 10;

    [Theory]
    [InlineData("all sent", 10, 0, 0, 0, 0, ConditionStatus.True, "FramesSent")]
    [InlineData("all sent, and others", 25, 0, 0, 0, 0, ConditionStatus.True, "FramesSent")]
    [InlineData("target down", 0, 0, 0, 10, Errno.ENETDOWN, ConditionStatus.False, "TargetDown")]
    [InlineData("target down, and others", 0, 0, 0, 13, Errno.ENETDOWN, ConditionStatus.False, "TargetDown")]
    [InlineData("too long", 0, 0, 0, 10, Errno.EMSGSIZE, ConditionStatus.False, "FrameTooLong")]
    [InlineData("not accepted", 0, 0, 0, 10, Errno.EOPNOTSUPP, ConditionStatus.False, "NotAccepted")]
    [InlineData("another refusal", 0, 0, 0, 10, Errno.ENOSPC, ConditionStatus.False, "Other")]
    [InlineData("peer down", 0, 10, Errno.ENXIO, 0, 0, ConditionStatus.False, "PeerDown")]
    [InlineData("dropped without errno", 0, 10, 0, 0, 0, ConditionStatus.False, "NotSent")]
    [InlineData("another drop", 0, 10, Errno.EBUSY, 0, 0, ConditionStatus.False, "Other")]
    [InlineData("full queue", 7, 3, 0, 0, 0, ConditionStatus.Unknown, "SomeFramesLost")]
    [InlineData("full queue, and others", 12, 3, 0, 0, 0, ConditionStatus.Unknown, "SomeFramesLost")]
    [InlineData("down in between", 4, 0, 0, 6, Errno.ENETDOWN, ConditionStatus.Unknown, "SomeFramesLost")]
    [InlineData("some without a fate", 9, 0, 0, 0, 0, ConditionStatus.Unknown, "FramesUnaccounted")]
    [InlineData("none with a fate", 0, 0, 0, 0, 0, ConditionStatus.Unknown, "FramesUnaccounted")]
    public void Verdict_FollowsFromTheFates(string what, int sent, int dropped, int drop, int refused, int refusal, ConditionStatus status, string reason)
    {
        var fates = new LiveFrameFates((ulong)sent, (ulong)dropped, drop, (ulong)refused, refusal);
        var verdict = Verdict(program: null);

        var condition = verdict.Judge(fates, Frames);

        Assert.True((status, reason) == (condition.Status, condition.Reason), $"{what}: {condition}");
        Assert.All(verdict.Drops(fates, DateTimeOffset.UnixEpoch), d => Assert.InRange(d.Packets, 1ul, Frames));
    }

    [Fact]
    public void Frames_ThatTheEntryDidNotCount_ProveNothing()
    {
        var fates = new LiveFrameFates(Frames, 0, 0, 0, 0);
        Assert.Equal(ConditionStatus.Unknown, Verdict(null).Judge(fates, Frames - 1).Status);
        Assert.Equal(ConditionStatus.True, Verdict(null).Judge(fates, Frames + 5).Status);
        Assert.Equal(ConditionStatus.True, Verdict(null).Judge(fates, hits: null).Status);
    }

    [Fact]
    public void Drops_OfAnEgressProgramThatDropsAll_AreItsOwn()
    {
        var condition = Verdict("stop", drops: true).Judge(new LiveFrameFates(0, Frames, 0, 0, 0), Frames);
        Assert.Equal(("EgressProgramDrops", ConditionStatus.False), (condition.Reason, condition.Status));
        Assert.Contains("'stop'", condition.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Enxio_OfAVethWithCarrier_IsAPeerThatTakesNoFrames()
    {
        var condition = Verdict(null, carrier: true).Judge(new LiveFrameFates(0, Frames, Errno.ENXIO, 0, 0), Frames);
        Assert.Equal(("NotAccepted", ConditionStatus.False), (condition.Reason, condition.Status));
    }

    private static ProbeVerdict Verdict(string? program, bool drops = false, bool carrier = false) =>
        new(new InterfaceInfo(7, "veth-b") { Kind = "veth", Mtu = 1500, HasCarrier = carrier }, null, program, drops, "veth-a", (int)Frames, 1518);
}
