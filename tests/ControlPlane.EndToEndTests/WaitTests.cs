using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;
using Devmapd.V1;

namespace ControlPlane.EndToEndTests;

/// <summary>Waits on the real kernel: a wait that is satisfied means that frames arrive.</summary>
[Trait("Group", "truth")]
public sealed class WaitTests
{
    private const string First = "10.0.0.7", Second = "10.0.0.8";

    [Fact]
    public async Task Waits_VethComesLate_EndWhenFramesArrive()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, early) = (testbed.AddPort(), testbed.AddPort());
        await testbed.Http.AttachAsync(Testbed.ByAddress, ingress.Name);
        var late = LabNames.Next();
        await testbed.Client.PutEntryAsync(Testbed.ByAddress, First, new() { Interface = early.Name });
        await testbed.Client.PutEntryAsync(Testbed.ByAddress, Second, new() { Interface = late }, allowPending: true);
        var gate = testbed.Client.WaitEntriesAsync(new WaitEntriesRequest { Devmap = { Testbed.ByAddress }, Revision = long.MaxValue, Timeout = new() });
        Assert.False((await gate).WaitSatisfied);
        var putting = testbed.Client.Devmaps.PutEntryAsync(new PutEntryRequest
        {
            Devmap = Testbed.ByAddress, Key = Second, Spec = new() { Interface = late }, AllowPending = true, Wait = WaitState.Forwarding, Timeout = new() { Seconds = 120 },
        }).ResponseAsync;
        gate = testbed.Client.WaitEntriesAsync(new WaitEntriesRequest { Devmap = { Testbed.ByAddress }, Timeout = new() { Seconds = 120 } });
        Assert.False(putting.IsCompleted || gate.IsCompleted);

        var port = testbed.AddPort(late);

        var put = await putting;
        ingress.AssertReaches(port, Second);
        Assert.Equal((true, EntryState.Forwarding), (put.WaitSatisfied, put.Entry.Status.State));
        var outcome = await gate;
        ingress.AssertReaches(early, First);
        Assert.Equal((true, 2), (outcome.WaitSatisfied, outcome.Selected));
    }

    [Fact]
    public async Task Wait_VethThatTakesNoFrames_SaysWhyAndEndsWhenItTakesThem()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort(acceptsRedirect: false));
        await testbed.Http.AttachAsync(Testbed.ByAddress, ingress.Name);
        await testbed.Client.PutEntryAsync(Testbed.ByAddress, First, new() { Interface = target.Name });

        var refused = await testbed.Client.WaitEntriesAsync(new WaitEntriesRequest { Timeout = new() });

        Assert.Equal("PeerWithoutXdp", Assert.Single(refused.Unsatisfied).Condition.Reason);
        ingress.AssertDoesNotReach(target, First);
        var waiting = testbed.Client.WaitEntriesAsync(new WaitEntriesRequest { Timeout = new() { Seconds = 120 } });
        target.Pair.EnablePeerReceive();
        Assert.True((await waiting).WaitSatisfied);
        ingress.AssertReaches(target, First);
    }
}
