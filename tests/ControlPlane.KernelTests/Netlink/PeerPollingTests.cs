using ControlPlane.Kernel.Netlink;

namespace ControlPlane.KernelTests.Netlink;

/// <summary>How often the peers of veths are asked for what the kernel announces in their namespaces alone.</summary>
public sealed class PeerPollingTests
{
    [Theory]
    [InlineData(0, 500)]
    [InlineData(10, 500)]
    [InlineData(20, 1000)]
    public void PauseAfter_IsHalfASecondOrFiftyTimesTheProcessorTime(int tookMs, int pauseMs) =>
        Assert.Equal(TimeSpan.FromMilliseconds(pauseMs), PeerPolling.PauseAfter(TimeSpan.FromMilliseconds(tookMs)));

    [Fact]
    public void ThreadTime_DoesNotCountWaiting()
    {
        var before = PeerPolling.ThreadTime();
        Thread.Sleep(200);
        Assert.InRange(PeerPolling.ThreadTime() - before, TimeSpan.Zero, TimeSpan.FromMilliseconds(100));
    }
}
