using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Simulation;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.UnitTests.Core;

/// <summary>One device, one egress program: how that of a device in use is changed, and what is said where entries disagree.</summary>
public sealed class EgressProgramTests
{
    [Fact]
    public async Task SetOfInterface_EntriesOfSeveralDevmaps_AllCarryItUnderOneRevision()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutProgramAsync("seen", "count");
        await core.PutAsync("vlans", "10", "sim0");
        await core.PutAsync("addresses", "10.0.0.1", "sim0");
        var bystander = await core.PutAsync("vlans", "11", "sim1");

        var swap = await SetAsync(core, "sim0", "seen");

        Assert.Equal(new EgressProgramSwap("sim0", "seen", 2, bystander.View.Revision!.Value + 1), swap);
        long[] revisions = [core.Entries.Get("vlans", "10").Revision!.Value, core.Entries.Get("addresses", "10.0.0.1").Revision!.Value];
        Assert.Equal([swap.Revision, swap.Revision], revisions);
        Assert.All([core.Entries.Get("vlans", "10"), core.Entries.Get("addresses", "10.0.0.1")], e =>
        {
            Assert.Equal(EntryState.Forwarding, e.Status.State);
            Assert.Equal(core.Programs.Get("seen").Status.ProgramId, e.Status.EgressProgramId);
        });
        Assert.Equal(2, core.Programs.Get("seen").Status.Entries);
        Assert.Equal(bystander.View.DesiredPart(), core.Entries.Get("vlans", "11").DesiredPart());
    }

    [Fact]
    public async Task SetOfInterface_KernelRefusesOne_AllAreAsBefore()
    {
        using var gate = new KernelGate { Refusal = new KernelException("bpf_map_update_elem", Errno.ENOMEM, "ENOMEM") };
        gate.RefusedUpdate = 0;
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap);
        await core.PutProgramAsync("seen", "count");
        for (var vlan = 1; vlan <= 3; vlan++)
            await core.PutAsync("vlans", $"{vlan}", "sim0");
        var before = core.List("vlans").Entries.Select(e => e.DesiredPart());
        gate.RefusedUpdate = gate.Updates + 2;

        var error = await CoreFixture.FailsAsync(() => SetAsync(core, "sim0", "seen"));

        Assert.Equal(ErrorCode.KernelFailure, error.Code);
        Assert.Equal(before, core.List("vlans").Entries.Select(e => e.DesiredPart()));
        Assert.All(core.List("vlans").Entries, e => Assert.Equal((EntryState.Forwarding, null), (e.Status.State, e.Status.EgressProgramId)));
        Assert.Equal(3, (await SetAsync(core, "sim0", "seen")).Changed);
    }

    [Fact]
    public async Task SetOfInterface_PendingEntries_CarryItWhenTheInterfaceComes()
    {
        var host = SimulatedHost.WithInterfaces();
        await using var core = await CoreFixture.StartAsync(host);
        await core.PutProgramAsync("seen", "count");
        await core.PutAsync("vlans", "10", "late0", allowPending: true);

        Assert.Equal(1, (await SetAsync(core, "late0", "seen")).Changed);
        host.AddInterface("late0");

        await Eventually.Async(() => core.Entries.Get("vlans", "10").Status.State == EntryState.Forwarding);
        Assert.Equal(core.Programs.Get("seen").Status.ProgramId, core.Entries.Get("vlans", "10").Status.EgressProgramId);
    }

    [Fact]
    public async Task AdoptedEntries_DisagreeOnADevice_AreUndeliverableUntilTheyAgree()
    {
        var host = SimulatedHost.WithInterfaces();
        await using (var core = await CoreFixture.StartAsync(host))
        {
            await core.PutProgramAsync("seen", "count");
            await core.PutAsync("vlans", "10", "sim0", "seen");
            host.SetElementByHand("vlans", 11, new KernelEntry(host.Interfaces.Find("sim0")!.Ifindex, 0));
        }

        // The store is new: what is pinned is taken over as it stands.
        await using var adopted = await CoreFixture.StartAsync(host);
        foreach (var key in (string[])["10", "11"])
        {
            var status = adopted.Entries.Get("vlans", key).Status;
            Assert.Equal(EntryState.Undeliverable, status.State);
            var fault = Assert.Single(status.Conditions, c => c.Type == ConditionTypes.EgressProgramAgrees && !c.Holds);
            Assert.Contains("none ('devmaps/vlans/entries/11')", fault.Message, StringComparison.Ordinal);
            Assert.Contains("'seen' ('devmaps/vlans/entries/10')", fault.Message, StringComparison.Ordinal);
        }

        await SetAsync(adopted, "sim0", null);

        Assert.All(adopted.List("vlans").Entries, e => Assert.Equal(EntryState.Forwarding, e.Status.State));
    }

    [Fact]
    public async Task Set_UnknownInterfaceAndUnknownProgram_TellsBoth()
    {
        await using var core = await CoreFixture.StartAsync();

        var error = await CoreFixture.FailsAsync(() => SetAsync(core, "never0", "never"));

        Assert.Equal(ErrorCode.InterfaceNotFound, error.Code);
        Assert.Contains("'never0'", error.Detail, StringComparison.Ordinal);
        Assert.Equal(["egressProgram"], error.Fields.Select(f => f.Field));
    }

    private static Task<EgressProgramSwap> SetAsync(CoreFixture core, string target, string? program) =>
        core.Programs.SetOfInterfaceAsync(target, program, RequestContext.OfDaemon());
}
