using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Simulation;
using ControlPlane.Storage;

namespace ControlPlane.UnitTests.Core;

/// <summary>Devmaps that the API creates, changes and deletes.</summary>
public sealed class DevmapTests
{
    private static readonly DevmapSpec Blue = new(16, KeySelector: KeySelector.Vlan);

    private static RequestContext Request(Precondition precondition = default) =>
        new(Caller.Daemon, "test", precondition, new Violations(), default);

    [Fact]
    public async Task Put_NewName_CreatesADevmapThatEntriesGoTo()
    {
        await using var core = await CoreFixture.StartAsync();
        var made = await core.Devmaps.PutAsync("blue", Blue, Request());
        Assert.Equal((true, DeclaredIn.Api), (made.Created, made.View.Status.DeclaredIn));
        Assert.Equal(EntryState.Forwarding, (await core.PutAsync("blue", "7", "sim1")).View.Status.State);
        var again = await core.Devmaps.PutAsync("blue", Blue, Request());
        Assert.Equal((false, made.View.SpecRevision), (again.Created, again.View.SpecRevision));
        Assert.Equal(DeclaredIn.Configuration, core.Devmaps.Get("vlans", Request()).Status.DeclaredIn);
    }

    [Fact]
    public async Task Put_OtherSettings_KeepEntriesAttachmentsAndIdentity()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.Devmaps.PutAsync("blue", Blue with { Counters = false }, Request());
        await core.PutAsync("blue", "7", "sim1");
        await core.Attachments.PutAsync("blue", "sim0", new AttachmentSpec(AttachMode.Native), false, Request());
        var id = core.State.Current.Devmap("blue").Id;

        var changed = await core.Devmaps.PutAsync("blue", Blue with { MissAction = MissAction.Drop, EnsureTargets = EnsureTargets.Off }, Request());

        Assert.Equal((MissAction.Drop, true, 1), (changed.View.Spec.MissAction, changed.View.Spec.Counters, changed.View.Status.Entries));
        Assert.Same(id, core.State.Current.Devmap("blue").Id);
        Assert.True(core.State.Handles[id].IsCounted(7));
        var attachment = core.Attachments.Get("blue", "sim0", Request());
        Assert.Equal(AttachmentState.Attached, attachment.Status.State);
        Assert.Contains(attachment.Status.ProgramId!.Value, core.State.Handles[id].ProgramIds);
        Assert.Equal(EntryState.Forwarding, core.Entries.Get("blue", "7", Request()).Status.State);
    }

    [Fact]
    public async Task Put_WhatCannotChange_NamesEachMember()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.Devmaps.PutAsync("blue", Blue, Request());
        await core.PutAsync("blue", "7", "sim1");
        await core.PutAsync("blue", "8", "sim1");
        var error = await CoreFixture.FailsAsync(() => core.Devmaps.PutAsync("blue", new DevmapSpec(1, 4, 0), Request()));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Equal(["valueSize", "numaNode", "keySelector", "maxEntries"], error.Fields.Select(f => f.Field));
    }

    [Fact]
    public async Task Put_BadInput_NamesEachMember()
    {
        await using var core = await CoreFixture.StartAsync();
        var error = await CoreFixture.FailsAsync(() => core.Devmaps.PutAsync("Blue", new DevmapSpec(0, 5, 4096, Owner: "?"), Request()));
        Assert.Equal(["devmap", "maxEntries", "valueSize", "numaNode", "owner"], error.Fields.Select(f => f.Field));
    }

    [Fact]
    public async Task OfTheConfiguration_IsReadOnly()
    {
        await using var core = await CoreFixture.StartAsync();
        Assert.Equal(ErrorCode.DevmapReadOnly, (await CoreFixture.FailsAsync(() => core.Devmaps.PutAsync("vlans", Blue, Request()))).Code);
        Assert.Equal(ErrorCode.DevmapReadOnly, (await CoreFixture.FailsAsync(() => core.Devmaps.DeleteAsync("vlans", null, true, Request()))).Code);
        Assert.False((await core.Devmaps.PutAsync("vlans", CoreFixture.Vlans.Spec, Request())).Created);
    }

    [Fact]
    public async Task Put_AboveTheLimit_IsRefused()
    {
        await using var core = await CoreFixture.StartAsync(devmaps: [CoreFixture.Vlans]);
        for (var i = 1; i < DevmapLimits.MaxDevmaps; i++)
            await core.Devmaps.PutAsync($"d{i}", new DevmapSpec(1), Request());
        Assert.Equal(ErrorCode.TooManyDevmaps, (await CoreFixture.FailsAsync(() => core.Devmaps.PutAsync("onemore", new DevmapSpec(1), Request()))).Code);
        await core.Devmaps.DeleteAsync("d1", null, false, Request());
        Assert.True((await core.Devmaps.PutAsync("onemore", new DevmapSpec(1), Request())).Created);
    }

    [Fact]
    public async Task Preconditions_AreAboutTheRevisionOfTheSettings()
    {
        await using var core = await CoreFixture.StartAsync();
        var made = await core.Devmaps.PutAsync("blue", Blue, Request(new(MustNotExist: true)));
        await core.PutAsync("blue", "7", "sim1");
        Assert.Equal(ErrorCode.AlreadyExists, (await CoreFixture.FailsAsync(() => core.Devmaps.PutAsync("blue", Blue, Request(new(MustNotExist: true))))).Code);
        Assert.Equal(ErrorCode.RevisionMismatch, (await CoreFixture.FailsAsync(() => core.Devmaps.DeleteAsync("blue", null, false, Request(new(99))))).Code);
        await core.Devmaps.DeleteAsync("blue", null, false, Request(new(made.View.SpecRevision)));
    }

    [Fact]
    public async Task Owner_IsAskedAbout()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.Devmaps.PutAsync("blue", Blue with { Owner = "cni" }, Request());
        Assert.Equal(ErrorCode.OwnedByOther, (await CoreFixture.FailsAsync(() => core.Devmaps.PutAsync("blue", Blue, Request()))).Code);
        Assert.Equal(ErrorCode.OwnedByOther, (await CoreFixture.FailsAsync(() => core.Devmaps.DeleteAsync("blue", null, false, Request()))).Code);
        await core.Devmaps.DeleteAsync("blue", "cni", false, Request());
    }

    [Fact]
    public async Task Delete_Attached_IsRefusedUnlessForced()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.Devmaps.PutAsync("blue", Blue, Request());
        await core.PutAsync("blue", "7", "sim1");
        await core.Attachments.PutAsync("blue", "sim0", new AttachmentSpec(AttachMode.Native), false, Request());
        var error = await CoreFixture.FailsAsync(() => core.Devmaps.DeleteAsync("blue", null, false, Request()));
        Assert.Equal(ErrorCode.DevmapInUse, error.Code);
        Assert.Contains("'sim0'", error.Detail, StringComparison.Ordinal);

        await core.Devmaps.DeleteAsync("blue", null, true, Request());

        Assert.Null(core.Host.Interfaces.Find("sim0")!.XdpProgramId);
        Assert.DoesNotContain("blue", core.Kernel.FindDevmaps(new WriterScope(true)).Select(d => d.Name));
        Assert.Equal(ErrorCode.DevmapNotFound, (await CoreFixture.FailsAsync(() => core.PutAsync("blue", "7", "sim1"))).Code);
        Assert.Equal(0, core.State.Current.RevisionOf("sim1"));
        // The interface is free.
        await core.Attachments.PutAsync("vlans", "sim0", new AttachmentSpec(AttachMode.Native), false, Request());
    }

    [Fact]
    public async Task CommandThatWaits_DoesNotMistakeANewDevmapForTheOneBefore()
    {
        using var gate = new KernelGate();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap);
        await core.Devmaps.PutAsync("blue", Blue, Request());
        var old = core.State.Current.Devmap("blue").Id;
        await core.Devmaps.DeleteAsync("blue", null, false, Request());
        await core.Devmaps.PutAsync("blue", Blue, Request());
        Assert.NotSame(old, core.State.Current.Devmap("blue").Id);
        Assert.Null(core.State.Current.Find(old));
        Assert.Equal(ErrorCode.DevmapNotFound, Assert.Throws<ControlPlaneException>(() => core.State.Handles[old]).Error.Code);
    }

    [Fact]
    public async Task Restart_BringsBackWhatTheApiMade()
    {
        var (host, store) = (SimulatedHost.WithInterfaces(), new MemoryStore());
        await using (var core = await CoreFixture.StartAsync(host, store: store))
        {
            await core.Devmaps.PutAsync("blue", Blue with { MissAction = MissAction.Drop }, Request());
            await core.PutAsync("blue", "7", "sim1");
        }

        await using var next = await CoreFixture.StartAsync(host, store: store);
        var blue = next.Devmaps.Get("blue", Request());
        Assert.Equal((DeclaredIn.Api, MissAction.Drop, 1, true), (blue.Status.DeclaredIn, blue.Spec.MissAction, blue.Status.Entries, blue.Status.Adopted));
        await next.Devmaps.DeleteAsync("blue", null, false, Request());
    }

    [Fact]
    public async Task Restart_AfterACrashBetweenStoreAndKernel_EndsRight()
    {
        var (host, store) = (SimulatedHost.WithInterfaces(), new MemoryStore());
        await using (var core = await CoreFixture.StartAsync(host, store: store))
            await core.Devmaps.PutAsync("blue", Blue, Request());
        // A devmap that was deleted, and one that was made, in the store alone.
        using (var kernel = new SimulatedKernel(host))
        {
            kernel.OpenDevmap(new WriterScope(true), new DevmapRecord("gone", Blue)).Dispose();
            kernel.RemoveDevmap(new WriterScope(true), "blue");
        }

        await using var next = await CoreFixture.StartAsync(host, store: store);
        Assert.Equal(["addresses", "blue", "ingress", "plain", "vlans"], next.Kernel.FindDevmaps(new WriterScope(true)).Select(d => d.Name));
        Assert.Equal(["addresses", "blue", "ingress", "plain", "vlans"], next.Devmaps.List(Request()).Select(d => d.Name));
    }

    [Fact]
    public async Task Restart_PinnedUnderTheNameIsAnother_MakesItAgain()
    {
        var (host, store) = (SimulatedHost.WithInterfaces(), new MemoryStore());
        await using (var core = await CoreFixture.StartAsync(host, store: store))
            await core.Devmaps.PutAsync("blue", Blue, Request());
        using (var kernel = new SimulatedKernel(host))
        {
            kernel.RemoveDevmap(new WriterScope(true), "blue");
            kernel.OpenDevmap(new WriterScope(true), new DevmapRecord("blue", Blue with { KeySelector = KeySelector.Ipv4Destination })).Dispose();
        }

        await using var next = await CoreFixture.StartAsync(host, store: store);
        Assert.Equal(KeySelector.Vlan, next.Devmaps.Get("blue", Request()).Spec.KeySelector);
        Assert.False(next.Devmaps.Get("blue", Request()).Status.Adopted);
    }

    [Fact]
    public async Task Restart_WithoutAStore_AdoptsWhatIsPinned()
    {
        var host = SimulatedHost.WithInterfaces();
        await using (var core = await CoreFixture.StartAsync(host))
        {
            await core.Devmaps.PutAsync("blue", Blue, Request());
            await core.PutAsync("blue", "7", "sim1");
        }

        await using var next = await CoreFixture.StartAsync(host);
        var blue = next.Devmaps.Get("blue", Request());
        Assert.Equal((DeclaredIn.Api, 1), (blue.Status.DeclaredIn, blue.Status.Entries));
    }

    [Fact]
    public async Task Configuration_TakesADevmapOver_AndLetsItGo()
    {
        var (host, store) = (SimulatedHost.WithInterfaces(), new MemoryStore());
        await using (var core = await CoreFixture.StartAsync(host, store: store, devmaps: [CoreFixture.Vlans]))
        {
            await core.Devmaps.PutAsync("blue", Blue, Request());
            await core.PutAsync("blue", "7", "sim1");
        }

        await using (var core = await CoreFixture.StartAsync(host, store: store, devmaps: [CoreFixture.Vlans, new DevmapRecord("blue", Blue with { MissAction = MissAction.Abort })]))
        {
            var blue = core.Devmaps.Get("blue", Request());
            Assert.Equal((DeclaredIn.Configuration, MissAction.Abort, 1), (blue.Status.DeclaredIn, blue.Spec.MissAction, blue.Status.Entries));
        }

        await using (var core = await CoreFixture.StartAsync(host, store: store, devmaps: [CoreFixture.Vlans]))
        {
            var blue = core.Devmaps.Get("blue", Request());
            Assert.Equal((DeclaredIn.Api, MissAction.Abort, 1), (blue.Status.DeclaredIn, blue.Spec.MissAction, blue.Status.Entries));
            await core.Devmaps.DeleteAsync("blue", null, false, Request());
        }
    }

    [Fact]
    public async Task Kernel_RefusesToCreate_NothingStays()
    {
        using var gate = new KernelGate();
        var store = new MemoryStore();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap, store: store);
        gate.Fault = () => new KernelException("bpf_map_create", Errno.ENOMEM, "ENOMEM (Cannot allocate memory)");
        Assert.Equal(ErrorCode.KernelFailure, (await CoreFixture.FailsAsync(() => core.Devmaps.PutAsync("blue", Blue, Request()))).Code);
        gate.Fault = null;
        Assert.DoesNotContain("blue", store.Load().Devmaps.Select(d => d.Name));
        Assert.True((await core.Devmaps.PutAsync("blue", Blue, Request())).Created);
    }

    [Fact]
    public async Task Kernel_RefusesToLetGo_TheNextChangeTriesAgain()
    {
        using var gate = new KernelGate();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap);
        await core.Devmaps.PutAsync("blue", Blue, Request());
        gate.Fault = () => new KernelException("bpf_link_detach", Errno.ENOMEM, "ENOMEM (Cannot allocate memory)");
        Assert.Equal(ErrorCode.KernelFailure, (await CoreFixture.FailsAsync(() => core.Devmaps.DeleteAsync("blue", null, false, Request()))).Code);
        gate.Fault = null;
        Assert.DoesNotContain("blue", core.Devmaps.List(Request()).Select(d => d.Name));
        await core.PutAsync("vlans", "1", "sim1");
        Assert.DoesNotContain("blue", core.Kernel.FindDevmaps(new WriterScope(true)).Select(d => d.Name));
    }
}
