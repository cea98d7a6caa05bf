using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Simulation;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.UnitTests.Core;

/// <summary>Elements in the kernel that nobody desires.</summary>
public sealed class UnmanagedTests
{
    private static readonly KernelEntry Stranger = new(1, 0);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(100)]
    public async Task List_HasThemInTheOrderOfBuckets(int pageSize)
    {
        await using var core = await StartAsync();
        await core.PutAsync("vlans", "10", "sim1");
        await core.PutAsync("vlans", "1024", "sim1");
        foreach (var key in new uint[] { 9, 2048, 4097 })
            core.Host.SetElementByHand("vlans", key, Stranger);

        List<(string, EntryState)> seen = [];
        string? token = null;
        do
        {
            var page = core.List("vlans", new EntryQuery(pageSize, token));
            seen.AddRange(page.Entries.Select(e => (e.Key, e.Status.State)));
            token = page.NextPageToken;
        }
        while (token is not null);

        Assert.Equal(
            [("1024", EntryState.Forwarding), ("2048", EntryState.Unmanaged), ("4097", EntryState.Unmanaged), ("9", EntryState.Unmanaged), ("10", EntryState.Forwarding)],
            seen);
    }

    [Fact]
    public async Task Get_HasNoSpecAndACondition()
    {
        await using var core = await StartAsync();
        core.Host.SetElementByHand("vlans", 9, Stranger);

        var entry = core.Entries.Get("vlans", "9", RequestContext.OfDaemon());

        Assert.Equal((null, null, null), (entry.Spec, entry.Revision, entry.CreateTime));
        Assert.Equal((EntryState.Unmanaged, 9u, 1u), (entry.Status.State, entry.Status.KernelKey!.Value, entry.Status.Ifindex!.Value));
        var condition = entry.Status.Conditions[0];
        Assert.Equal((ConditionTypes.InKernel, false, "NotDesired"), (condition.Type, condition.Holds, condition.Reason));
        Assert.Equal(Calls.AuditDevmap("vlans"), condition.Remedy!.Call);
    }

    [Fact]
    public async Task Key_OfAnIngressInterface_IsItsName()
    {
        await using var core = await StartAsync();
        var ifindex = core.Host.Interfaces.Find("sim2")!.Ifindex;
        core.Host.SetElementByHand("ingress", ifindex, Stranger);

        Assert.Equal("sim2", Assert.Single(core.List("ingress").Entries).Key);
        Assert.Equal(ifindex, core.Entries.Get("ingress", "sim2", RequestContext.OfDaemon()).Status.KernelKey);
    }

    [Fact]
    public async Task Filters_OfTheDesiredState_LeaveThemOut()
    {
        await using var core = await StartAsync();
        await core.PutAsync("vlans", "10", "sim1");
        core.Host.SetElementByHand("vlans", 9, Stranger);

        Assert.Equal(["9"], core.List("vlans", new EntryQuery(State: EntryState.Unmanaged)).Entries.Select(e => e.Key));
        Assert.Equal(["10"], core.List("vlans", new EntryQuery(State: EntryState.Forwarding)).Entries.Select(e => e.Key));
        Assert.Equal(["10"], core.List("vlans", new EntryQuery(Interface: "sim1")).Entries.Select(e => e.Key));
        Assert.Empty(core.List("vlans", new EntryQuery(Owner: "me")).Entries);
        Assert.Equal(["9", "10"], core.Entries.ListCounters("vlans", new EntryQuery(), RequestContext.OfDaemon()).Counters.Select(c => c.Key));
    }

    [Fact]
    public async Task Put_Creates_AndDeleteNamesTheAudit()
    {
        await using var core = await StartAsync();
        core.Host.SetElementByHand("vlans", 9, Stranger);

        var error = await CoreFixture.FailsAsync(() => core.Entries.DeleteAsync("vlans", "9", RequestContext.OfDaemon()));
        Assert.Equal((ErrorCode.EntryNotFound, Calls.AuditDevmap("vlans")), (error.Code, error.Remedy!.Call));

        var put = await core.PutAsync("vlans", "9", "sim1");
        Assert.Equal((true, EntryState.Forwarding), (put.Created, put.View.Status.State));
    }

    [Fact]
    public async Task Reads_BesideABusyWriter_NeverTakeItsElementsForUnmanaged()
    {
        await using var core = await StartAsync();
        core.Host.SetElementByHand("vlans", 999, Stranger);
        using var stop = new CancellationTokenSource();
        var writing = Enumerable.Range(0, 4).Select(n => Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                var key = $"{((i % 25) * 4) + n}";
                await core.PutAsync("vlans", key, i % 2 == 0 ? "sim1" : "sim2");
                if (i % 3 != 0)
                    await core.Entries.DeleteAsync("vlans", key, RequestContext.OfDaemon());
            }
        })).ToArray();

        var seen = 0;
        for (var round = 0; round < 400; round++)
        {
            var unmanaged = core.List("vlans", new EntryQuery(State: EntryState.Unmanaged)).Entries.Select(e => e.Key).ToList();
            Assert.Empty(unmanaged.Except(["999"]));
            seen += unmanaged.Count;
            try
            {
                Assert.NotEqual(EntryState.Unmanaged, core.Entries.Get("vlans", $"{round % 100}", RequestContext.OfDaemon()).Status.State);
            }
            catch (ControlPlaneException e) when (e.Error.Code == ErrorCode.EntryNotFound)
            {
                // The writer has just deleted it.
            }
        }

        await stop.CancelAsync();
        await Task.WhenAll(writing);
        Assert.True(seen > 0);
        Assert.Equal(EntryState.Unmanaged, core.Entries.Get("vlans", "999", RequestContext.OfDaemon()).Status.State);
    }

    private static Task<CoreFixture> StartAsync() => CoreFixture.StartAsync(SimulatedHost.WithInterfaces());
}
