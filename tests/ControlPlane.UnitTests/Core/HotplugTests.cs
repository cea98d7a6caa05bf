using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Simulation;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.UnitTests.Core;

public sealed class HotplugTests
{
    [Fact]
    public async Task Attachment_InterfaceComesWithAProgramOfOthers_FailsWithReasonAndRemedy()
    {
        var host = SimulatedHost.WithInterfaces();
        await using var core = await CoreFixture.StartAsync(host);
        await core.Attachments.PutAsync("vlans", "late0", new AttachmentSpec(AttachMode.Native), true, RequestContext.OfDaemon());

        host.AddInterface("spare0");
        host.ChangeInterface("spare0", i => i with { XdpProgramId = 7, XdpMode = AttachMode.Native });
        host.ChangeInterface("spare0", i => i with { Name = "late0" });

        await Eventually.Async(() => Status().State == AttachmentState.Failed);
        var condition = Assert.Single(Status().Conditions);
        Assert.Equal("AttachConflict", condition.Reason);
        Assert.Contains(condition.Remedy!.Commands, c => c.StartsWith("ip link set dev late0 xdpdrv off", StringComparison.Ordinal));

        AttachmentStatus Status() => core.Attachments.Get("vlans", "late0", RequestContext.OfDaemon()).Status;
    }

    [Fact]
    public async Task AllowPending_AbsentTarget_IsWrittenWhenItAppears()
    {
        await using var core = await CoreFixture.StartAsync();
        Assert.Equal(EntryState.Pending, (await core.PutAsync("vlans", "1", "later", allowPending: true)).View.Status.State);
        var ifindex = core.Host.AddInterface("later");
        await SettleAsync(core);
        var status = core.Entries.Get("vlans", "1").Status;
        Assert.Equal((EntryState.Forwarding, ifindex), (status.State, status.Ifindex!.Value));
    }

    [Fact]
    public async Task AllowPending_TargetGoesWhileItIsWritten_IsPending()
    {
        using var gate = new KernelGate();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap);
        await core.PutAsync("vlans", "1", "sim1");
        gate.Close();
        var changed = core.PutAsync("vlans", "1", "sim2", allowPending: true);
        await gate.Reached;
        core.Host.RemoveInterface("sim2");
        gate.Open();
        Assert.Equal(EntryState.Pending, (await changed).View.Status.State);
        Assert.False(core.Host.Devmaps["vlans"].TryGet(1, out _));
    }

    [Fact]
    public async Task KernelAnswersNoQuestion_WriterLivesOnAndReconcilesLater()
    {
        ManualLinkEventsKernel? deaf = null;
        await using var core = await CoreFixture.StartAsync(wrap: kernel => deaf = new ManualLinkEventsKernel(kernel));
        await core.PutAsync("vlans", "1", "later", allowPending: true);
        await core.PutAsync("vlans", "2", "sim0");
        deaf!.Fault = new KernelException("RTM_GETLINK", Errno.ENOBUFS, "ENOBUFS");
        core.Host.AddInterface("later");
        deaf.CatchUp();
        deaf.Notify("later");

        await core.Entries.DeleteAsync("vlans", "2", default, default);
        deaf.Fault = null;

        await Eventually.Async(() => core.Entries.Get("vlans", "1").Status.State == EntryState.Forwarding);
    }

    [Fact]
    public async Task TargetGoesAndReturns_EntryFollowsUnderTheSameRevision()
    {
        await using var core = await CoreFixture.StartAsync();
        var revision = (await core.PutAsync("vlans", "1", "sim1")).View.Revision!.Value;
        core.Host.RemoveInterface("sim1");
        await SettleAsync(core);
        Assert.Equal(EntryState.Pending, core.Entries.Get("vlans", "1").Status.State);
        var ifindex = core.Host.AddInterface("sim1");
        await SettleAsync(core);
        var view = core.Entries.Get("vlans", "1");
        Assert.Equal((EntryState.Forwarding, ifindex, revision), (view.Status.State, view.Status.Ifindex!.Value, view.Revision!.Value));
    }

    [Fact]
    public async Task KeyInterfaceReturnsWithAnotherIndex_KernelKeyFollows()
    {
        await using var core = await CoreFixture.StartAsync();
        var before = (await core.PutAsync("ingress", "sim0", "sim1")).View.Status.KernelKey;
        core.Host.RemoveInterface("sim0");
        await SettleAsync(core);
        var pending = core.Entries.Get("ingress", "sim0");
        Assert.Equal((EntryState.Pending, null), (pending.Status.State, pending.Status.KernelKey));
        Assert.False(core.Host.Devmaps["ingress"].TryGet(before!.Value, out _));
        var ifindex = core.Host.AddInterface("sim0");
        await SettleAsync(core);
        var back = core.Entries.Get("ingress", "sim0");
        Assert.Equal((EntryState.Forwarding, ifindex), (back.Status.State, back.Status.KernelKey!.Value));
    }

    [Fact]
    public async Task RenamedTarget_IsAnotherInterface()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutAsync("vlans", "1", "sim1");
        core.Host.ChangeInterface("sim1", i => i with { Name = "other" });
        await SettleAsync(core);
        Assert.Equal(EntryState.Pending, core.Entries.Get("vlans", "1").Status.State);
        Assert.False(core.Host.Devmaps["vlans"].TryGet(1, out _));
        core.Host.ChangeInterface("other", i => i with { Name = "sim1" });
        await SettleAsync(core);
        Assert.Equal(EntryState.Forwarding, core.Entries.Get("vlans", "1").Status.State);
    }

    [Fact]
    public async Task NewIndexEqualsAKeyInUse_FailsUntilThatKeyIsFree()
    {
        await using var core = await CoreFixture.StartAsync();
        var next = core.Host.AddInterface("probe") + 1;
        await core.PutAsync("ingress", $"{next}", "sim1");
        await core.PutAsync("ingress", "later", "sim2", allowPending: true);
        Assert.Equal(next, core.Host.AddInterface("later"));
        await SettleAsync(core);
        var failed = core.Entries.Get("ingress", "later").Status;
        Assert.Equal(EntryState.Failed, failed.State);
        Assert.Contains(failed.Conditions, c => c.Reason == "KeyConflict");
        await core.Entries.DeleteAsync("ingress", $"{next}", default, default);
        Assert.Equal(EntryState.Forwarding, core.Entries.Get("ingress", "later").Status.State);
    }

    [Theory]
    [InlineData("sim0", "sim1")]
    [InlineData("sim1", "sim0")]
    public async Task NamesExchanged_EntriesAndAttachmentsCross(string first, string second)
    {
        using var gate = new KernelGate();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap);
        foreach (var (name, target) in new[] { ("sim0", "sim2"), ("sim1", "sim3") })
        {
            await core.PutAsync("ingress", name, target);
            await core.Attachments.PutAsync("vlans", name, new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());
        }

        gate.Close();
        var held = core.PutAsync("addresses", "10.0.0.1", "sim2");
        await gate.Reached;
        core.Host.ChangeInterface(first, i => i with { Name = "between" });
        core.Host.ChangeInterface(second, i => i with { Name = first });
        core.Host.ChangeInterface("between", i => i with { Name = second });
        gate.Open();
        await held;
        await SettleAsync(core);

        foreach (var name in new[] { "sim0", "sim1" })
        {
            var ifindex = core.Host.Interfaces.Find(name)!.Ifindex;
            var entry = core.Entries.Get("ingress", name);
            Assert.Equal((EntryState.Forwarding, ifindex), (entry.Status.State, entry.Status.KernelKey!.Value));
            var attachment = core.Attachments.Get("vlans", name);
            Assert.Equal((AttachmentState.Attached, ifindex), (attachment.Status.State, attachment.Status.Ifindex!.Value));
        }
    }

    [Fact]
    public async Task IndexPassesOnBeforeItsLossIsHeardOf_WaitingEntryTakesItThen()
    {
        ManualLinkEventsKernel? deaf = null;
        await using var core = await CoreFixture.StartAsync(wrap: kernel => deaf = new ManualLinkEventsKernel(kernel));
        var ifindex = core.Host.Interfaces.Find("sim0")!.Ifindex;
        await core.PutAsync("ingress", "later", "sim1", allowPending: true);
        await core.PutAsync("ingress", "sim0", "sim2");
        core.Host.RemoveInterface("sim0");
        core.Host.AddInterface("later", ifindex: ifindex);
        deaf!.CatchUp();

        // The old holder is asked for: with it its key becomes free.
        await core.PutAsync("ingress", "sim0", "sim2", allowPending: true);

        Assert.Equal(EntryState.Pending, core.Entries.Get("ingress", "sim0").Status.State);
        Assert.Equal((EntryState.Forwarding, ifindex), (core.Entries.Get("ingress", "later").Status.State, core.Entries.Get("ingress", "later").Status.KernelKey!.Value));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Put_IndexOfAnInterfaceWhoseLossIsNotHeardOf_IsNoConflict(bool waiting)
    {
        ManualLinkEventsKernel? deaf = null;
        await using var core = await CoreFixture.StartAsync(wrap: kernel => deaf = new ManualLinkEventsKernel(kernel));
        var ifindex = core.Host.Interfaces.Find("sim0")!.Ifindex;
        if (waiting)
            await core.PutAsync("ingress", "stranger", "sim3", allowPending: true);
        await core.PutAsync("ingress", "sim0", "sim2");
        core.Host.RemoveInterface("sim0");
        core.Host.AddInterface("stranger", ifindex: ifindex);
        deaf!.CatchUp();

        await core.PutAsync("ingress", "stranger", "sim1");

        Assert.Equal(EntryState.Forwarding, core.Entries.Get("ingress", "stranger").Status.State);
        Assert.Equal((EntryState.Pending, null), (core.Entries.Get("ingress", "sim0").Status.State, core.Entries.Get("ingress", "sim0").Status.KernelKey));
        Assert.Equal(2, core.List("ingress").Entries.Count);
        Assert.True(core.Host.Devmaps["ingress"].TryGet(ifindex, out var element));
        Assert.Equal(core.Host.Interfaces.Find("sim1")!.Ifindex, element.Ifindex);
    }

    [Fact]
    public async Task Put_NameWhoseIndexIsAKeyInUse_IsAConflict()
    {
        await using var core = await CoreFixture.StartAsync();
        var next = core.Host.AddInterface("probe") + 1;
        await core.PutAsync("ingress", $"{next}", "sim1");
        core.Host.AddInterface("later");
        Assert.Equal(ErrorCode.KeyConflict, (await CoreFixture.FailsAsync(() => core.PutAsync("ingress", "later", "sim2"))).Code);
    }

    [Fact]
    public async Task IngressGoesAndReturns_IsAttachedAgain()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.Attachments.PutAsync("vlans", "sim0", new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());
        core.Host.RemoveInterface("sim0");
        await SettleAsync(core);
        Assert.Equal(AttachmentState.Pending, core.Attachments.Get("vlans", "sim0").Status.State);
        var ifindex = core.Host.AddInterface("sim0");
        await SettleAsync(core);
        var back = core.Attachments.Get("vlans", "sim0");
        Assert.Equal((AttachmentState.Attached, ifindex), (back.Status.State, back.Status.Ifindex!.Value));
    }

    [Fact]
    public async Task Restart_AdoptsEntriesProgramsAndAttachments()
    {
        var host = ControlPlane.Simulation.SimulatedHost.WithInterfaces();
        await using (var first = await CoreFixture.StartAsync(host))
        {
            await first.PutProgramAsync("counting", "count");
            await first.PutAsync("vlans", "1", "sim1", "counting");
            await first.PutAsync("ingress", "sim0", "sim2");
            await first.Attachments.PutAsync("vlans", "sim0", new AttachmentSpec(AttachMode.Generic), false, RequestContext.OfDaemon());
        }

        await using var second = await CoreFixture.StartAsync(host);
        Assert.Equal(("sim1", "counting"), (second.Entries.Get("vlans", "1").Spec!.Interface, second.Entries.Get("vlans", "1").Spec!.EgressProgram));
        Assert.Equal(EntryState.Forwarding, second.Entries.Get("ingress", "sim0").Status.State);
        Assert.Equal(AttachmentState.Attached, second.Attachments.Get("vlans", "sim0").Status.State);
        Assert.Equal(1, second.Programs.Get("counting").Status.Entries);
        Assert.True(second.Devmaps.Get("vlans").Status.Adopted);
    }

    // Link changes are handled before the next command: one command that changes nothing is enough to have waited for them.
    private static async Task SettleAsync(CoreFixture core) =>
        await Assert.ThrowsAsync<ControlPlaneException>(() => core.Programs.DeleteAsync("none", default, default));
}
