using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.UnitTests.Core;

public sealed class EntryTests
{
    [Fact]
    public async Task Put_InvalidAndWrongInMeaning_TellsAllAtOnce()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutAsync("ingress", $"{core.Host.Interfaces.Find("sim3")!.Ifindex + 100}", "sim0");
        var number = core.Host.AddInterface("late0", ifindex: core.Host.Interfaces.Find("sim3")!.Ifindex + 100);
        var labels = Labels.Of([new("a", "x\0y")]);

        var entry = await CoreFixture.FailsAsync(() => core.Entries.PutAsync(
            "ingress", "late0", new EntrySpec("never0", "never", labels, null), false, RequestContext.OfDaemon()));
        var attachment = await CoreFixture.FailsAsync(() => core.Attachments.PutAsync(
            "vlans", "lo", new AttachmentSpec(AttachMode.Generic) with { Labels = labels }, false, RequestContext.OfDaemon()));
        var swap = await CoreFixture.FailsAsync(() => core.Programs.SetOfInterfaceAsync("a b", "never", RequestContext.OfDaemon()));

        Assert.Equal("egressProgram interface key labels.a", Fields(entry));
        Assert.Contains($"kernel key {number} is taken", entry.Detail, StringComparison.Ordinal);
        Assert.Equal("interface labels.a", Fields(attachment));
        Assert.Equal("egressProgram interface", Fields(swap));

        static string Fields(Error error) => string.Join(' ', error.Fields.Select(f => f.Field).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Put_NewEntry_IsCreatedAndForwards()
    {
        await using var core = await CoreFixture.StartAsync();
        var (created, view) = await core.PutAsync("vlans", "100", "sim1");
        Assert.True(created);
        Assert.Equal(("100", 100u, EntryState.Forwarding), (view.Key, view.Status.KernelKey!.Value, view.Status.State));
        Assert.Equal(view.DesiredPart(), core.Entries.Get("vlans", "100").DesiredPart());
    }

    [Fact]
    public async Task Get_RedirectProgramRunsNowhere_ProposesAnInterfaceThatIsFreeNow()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutAsync("vlans", "100", "sim3");
        Assert.Equal("sim0", Proposed());
        await core.Attachments.PutAsync("addresses", "sim0", new AttachmentSpec(AttachMode.Generic), false, RequestContext.OfDaemon());
        Assert.Equal("sim1", Proposed());

        string Proposed() => core.Entries.Get("vlans", "100").Status.Conditions
            .Single(c => c.Type == ConditionTypes.IngressAttached).Remedy!.Call!.Path.Single(p => p.Name == "interfaceName").Value;
    }

    [Fact]
    public async Task Put_SameAgain_KeepsTheRevision()
    {
        await using var core = await CoreFixture.StartAsync();
        var first = await core.PutAsync("vlans", "100", "sim1");
        var second = await core.PutAsync("vlans", "100", "sim1");
        var changed = await core.PutAsync("vlans", "100", "sim2");
        Assert.Equal((false, first.View.Revision!.Value), (second.Created, second.View.Revision!.Value));
        Assert.True(changed.View.Revision!.Value > first.View.Revision!.Value);
        Assert.Equal(first.View.CreateTime, changed.View.CreateTime);
    }

    [Fact]
    public async Task Put_ElementLostMeanwhile_IsWrittenAgain()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutAsync("vlans", "100", "sim1");
        core.Host.Devmaps["vlans"].Remove(100);
        Assert.Equal(EntryState.Pending, core.Entries.Get("vlans", "100").Status.State);
        await core.PutAsync("vlans", "100", "sim1");
        Assert.Equal(EntryState.Forwarding, core.Entries.Get("vlans", "100").Status.State);
    }

    [Theory]
    [InlineData("vlans", "x", "key")]
    [InlineData("vlans", "4294967296", "key")]
    [InlineData("addresses", "10.0.7", "key")]
    [InlineData("addresses", "10.0.0.256", "key")]
    [InlineData("ingress", "a/b", "key")]
    [InlineData("ingress", "if:", "key")]
    public async Task Put_KeyThatIsNone_NamesTheField(string devmap, string key, string field)
    {
        await using var core = await CoreFixture.StartAsync();
        var error = await CoreFixture.FailsAsync(() => core.PutAsync(devmap, key, "sim1"));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Equal(field, Assert.Single(error.Fields).Field);
    }

    [Fact]
    public async Task Put_ManyFaults_NamesThemAll()
    {
        await using var core = await CoreFixture.StartAsync();
        var labels = new Dictionary<string, string> { ["-bad"] = "x", ["long"] = new('x', 300) };
        var error = await CoreFixture.FailsAsync(() => core.Entries.PutAsync(
            "vlans", "x", new EntrySpec("a/b", "BAD", Labels.Of(labels), null), new Violations(), default, default));
        Assert.Equal(["key", "interface", "egressProgram", "labels.-bad", "labels.long"], error.Fields.Select(f => f.Field));
    }

    [Theory]
    [InlineData("167772167", "10.0.0.7")]
    [InlineData("10.0.0.7", "10.0.0.7")]
    [InlineData("255.255.255.255", "255.255.255.255")]
    [InlineData("0", "0.0.0.0")]
    public async Task Put_AddressKey_AnswersInCanonicalForm(string asked, string canonical)
    {
        await using var core = await CoreFixture.StartAsync();
        Assert.Equal(canonical, (await core.PutAsync("addresses", asked, "sim1")).View.Key);
        Assert.Equal(canonical, core.Entries.Get("addresses", canonical).Key);
    }

    [Fact]
    public async Task Put_NumberThatIsAnIfindex_BecomesTheInterface()
    {
        await using var core = await CoreFixture.StartAsync();
        var ifindex = core.Host.Interfaces.Find("sim0")!.Ifindex;
        var (_, view) = await core.PutAsync("ingress", $"{ifindex}", "sim1");
        Assert.Equal(("sim0", ifindex), (view.Key, view.Status.KernelKey!.Value));
        Assert.False((await core.PutAsync("ingress", "sim0", "sim1")).Created);
    }

    [Fact]
    public async Task Put_InterfaceNamedByANumber_NeedsThePrefix()
    {
        await using var core = await CoreFixture.StartAsync();
        var ifindex = core.Host.AddInterface("7000");
        var (_, view) = await core.PutAsync("ingress", "if:7000", "sim1");
        Assert.Equal(("if:7000", ifindex), (view.Key, view.Status.KernelKey!.Value));
        Assert.Equal("7000", (await core.PutAsync("ingress", "7000", "sim1")).View.Key);
    }

    [Theory]
    [InlineData("vlans", "1", "nope", "interface")]
    [InlineData("ingress", "nope", "sim1", "key")]
    public async Task Put_AbsentInterface_NamesTheField(string devmap, string key, string target, string field)
    {
        await using var core = await CoreFixture.StartAsync();
        var error = await CoreFixture.FailsAsync(() => core.PutAsync(devmap, key, target));
        Assert.Equal(ErrorCode.InterfaceNotFound, error.Code);
        Assert.Equal(field, Assert.Single(error.Fields).Field);
        Assert.Empty(core.List(devmap).Entries);
    }

    [Fact]
    public async Task Put_FullDevmap_IsRefusedAndReplacingWorks()
    {
        await using var core = await CoreFixture.StartAsync();
        for (var i = 0; i < 4; i++)
            await core.PutAsync("plain", $"{i}", "sim1");
        Assert.Equal(ErrorCode.DevmapFull, (await CoreFixture.FailsAsync(() => core.PutAsync("plain", "4", "sim1"))).Code);
        Assert.False((await core.PutAsync("plain", "3", "sim2")).Created);
        await core.Entries.DeleteAsync("plain", "0", default, default);
        Assert.True((await core.PutAsync("plain", "4", "sim1")).Created);
    }

    [Fact]
    public async Task Put_EgressProgramOnFourByteValues_NamesTheField()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutProgramAsync("counting", "count");
        var error = await CoreFixture.FailsAsync(() => core.PutAsync("plain", "1", "sim1", "counting"));
        Assert.Equal((ErrorCode.InvalidArgument, "egressProgram"), (error.Code, Assert.Single(error.Fields).Field));
    }

    [Fact]
    public async Task Put_OtherProgramForTheSameDevice_NamesBothEntries()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutProgramAsync("counting", "count");
        await core.PutAsync("vlans", "1", "sim1");
        var error = await CoreFixture.FailsAsync(() => core.PutAsync("addresses", "10.0.0.1", "sim1", "counting"));
        Assert.Equal(ErrorCode.EgressProgramConflict, error.Code);
        Assert.Contains("devmaps/vlans/entries/1", error.Detail, StringComparison.Ordinal);
        Assert.Contains("devmaps/addresses/entries/10.0.0.1", error.Detail, StringComparison.Ordinal);
        Assert.False((await core.PutAsync("vlans", "1", "sim1", "counting")).Created);
        Assert.True((await core.PutAsync("addresses", "10.0.0.1", "sim1", "counting")).Created);
    }

    [Fact]
    public async Task Put_DroppingProgram_IsUndeliverable()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutProgramAsync("sink", "drop");
        var (_, view) = await core.PutAsync("vlans", "1", "sim1", "sink");
        Assert.Equal(EntryState.Undeliverable, view.Status.State);
        Assert.Contains(view.Status.Conditions, c => c.Type == ConditionTypes.EgressProgramPasses && c is { Holds: false, Remedy: not null });
    }

    [Fact]
    public async Task Delete_MissingEntry_IsNotFound()
    {
        await using var core = await CoreFixture.StartAsync();
        Assert.Equal(ErrorCode.EntryNotFound, (await CoreFixture.FailsAsync(() => core.Entries.DeleteAsync("vlans", "1", default, default))).Code);
        Assert.Equal(ErrorCode.DevmapNotFound, (await CoreFixture.FailsAsync(() => core.Entries.DeleteAsync("nope", "1", default, default))).Code);
    }

    [Theory]
    [InlineData("AdministrativelyDown")]
    [InlineData("PeerDown")]
    [InlineData("PeerWithoutXdp")]
    public async Task Status_TargetThatCannotSend_SaysWhy(string reason)
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutAsync("vlans", "1", "sim1");
        core.Host.ChangeInterface("sim1", i => reason switch
        {
            "AdministrativelyDown" => i with { IsUp = false, HasCarrier = false },
            "PeerDown" => i with { HasCarrier = false },
            _ => i with { XdpFeatures = XdpFeatures.Basic | XdpFeatures.Redirect },
        });
        var status = core.Entries.Get("vlans", "1").Status;
        Assert.Equal(EntryState.Undeliverable, status.State);
        Assert.Contains(status.Conditions, c => !c.Holds && c.Reason == reason && c.Remedy is not null);
    }

    [Fact]
    public async Task Status_GenericModeOnly_DoesNotAskForNdoXmit()
    {
        await using var core = await CoreFixture.StartAsync();
        core.Host.ChangeInterface("sim1", i => i with { XdpFeatures = XdpFeatures.None });
        await core.Attachments.PutAsync("vlans", "sim0", new AttachmentSpec(AttachMode.Generic), false, RequestContext.OfDaemon());
        Assert.Equal(EntryState.Forwarding, (await core.PutAsync("vlans", "1", "sim1")).View.Status.State);
        await core.Attachments.PutAsync("vlans", "sim2", new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());
        Assert.Equal(EntryState.Undeliverable, core.Entries.Get("vlans", "1").Status.State);
    }
}
