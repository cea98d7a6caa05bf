using ControlPlane.Core.Api;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Simulation;
using ControlPlane.TestCommon.Lab;
using Microsoft.Extensions.Time.Testing;

namespace ControlPlane.UnitTests.Core;

/// <summary>When conditions say that their facts changed.</summary>
public sealed class TransitionTimeTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Fact_ThatChanged_HasTheTimeOfItsNotification_AndOthersTheStart()
    {
        var time = new FakeTimeProvider(Start);
        await using var core = await CoreFixture.StartAsync(SimulatedHost.WithInterfaces(), time: time);
        await core.PutAsync("vlans", "10", "sim1");
        time.Advance(TimeSpan.FromMinutes(1));
        core.Host.ChangeInterface("sim1", i => i with { IsUp = false });
        time.Advance(TimeSpan.FromMinutes(1));

        var conditions = core.Entries.Get("vlans", "10", RequestContext.OfDaemon()).Status.Conditions;

        Assert.Equal(Start.AddMinutes(1), Time(conditions, ConditionTypes.InterfaceUp));
        Assert.Equal(Start, Time(conditions, ConditionTypes.TargetAcceptsRedirect));
        Assert.Equal(Start, Time(conditions, ConditionTypes.MtuSufficient));
    }

    [Fact]
    public async Task Interface_ThatWent_HasTheTimeOfItsGoing()
    {
        var time = new FakeTimeProvider(Start);
        await using var core = await CoreFixture.StartAsync(SimulatedHost.WithInterfaces(), time: time);
        await core.PutAsync("vlans", "10", "sim1");
        await core.PutAsync("vlans", "11", "never0", allowPending: true);
        time.Advance(TimeSpan.FromMinutes(1));
        core.Host.RemoveInterface("sim1");
        time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(Start.AddMinutes(1), Time(Get("10"), ConditionTypes.InterfacePresent));
        Assert.Equal(Start, Time(Get("11"), ConditionTypes.InterfacePresent));

        IReadOnlyList<Condition> Get(string key) => core.Entries.Get("vlans", key, RequestContext.OfDaemon()).Status.Conditions;
    }

    [Fact]
    public async Task Attachment_HasTheTimeOfItsWrite()
    {
        var time = new FakeTimeProvider(Start);
        await using var core = await CoreFixture.StartAsync(SimulatedHost.WithInterfaces(), time: time);
        time.Advance(TimeSpan.FromMinutes(1));
        var put = await core.Attachments.PutAsync("vlans", "sim0", new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());
        Assert.Equal(Start.AddMinutes(1), Time(put.View.Status.Conditions, ConditionTypes.Attached));
    }

    [Fact]
    public async Task Attachment_WhoseLabelsChange_KeepsItsTime()
    {
        var time = new FakeTimeProvider(Start);
        await using var core = await CoreFixture.StartAsync(SimulatedHost.WithInterfaces(), time: time);
        await AttachAsync("a");
        time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(Start, Time((await AttachAsync("b")).View.Status.Conditions, ConditionTypes.Attached));

        Task<PutOutcome<Attachment>> AttachAsync(string label) => core.Attachments.PutAsync(
            "vlans", "sim0", new AttachmentSpec(AttachMode.Native) with { Labels = Labels.Of(new Dictionary<string, string> { ["a"] = label }) }, false, RequestContext.OfDaemon());
    }

    [Fact]
    public async Task Entry_HasTheTimeOfItsPlacement_AndKeepsItWhileOnlyItsLabelsChange()
    {
        var time = new FakeTimeProvider(Start);
        await using var core = await CoreFixture.StartAsync(SimulatedHost.WithInterfaces(), time: time);
        time.Advance(TimeSpan.FromMinutes(1));
        await core.PutAsync("vlans", "10", "sim1");
        time.Advance(TimeSpan.FromMinutes(1));
        await core.Entries.PutAsync("vlans", "10", new EntrySpec("sim1") with { Labels = Labels.Of(new Dictionary<string, string> { ["a"] = "me" }) }, false, RequestContext.OfDaemon());
        Assert.Equal(Start.AddMinutes(1), InKernel());

        core.Host.SetElementByHand("vlans", 10, null);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(Start.AddMinutes(3), InKernel());
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(Start.AddMinutes(3), InKernel());
        await core.Audits.AuditAsync("vlans", true, RequestContext.OfDaemon());
        Assert.Equal(Start.AddMinutes(4), InKernel());

        DateTimeOffset? InKernel() => Time(core.Entries.Get("vlans", "10", RequestContext.OfDaemon()).Status.Conditions, ConditionTypes.InKernel);
    }

    [Fact]
    public async Task Ingress_HasTheTimeOfItsAttachment_AndOfItsEnd()
    {
        var time = new FakeTimeProvider(Start);
        await using var core = await CoreFixture.StartAsync(SimulatedHost.WithInterfaces(), time: time);
        await core.PutAsync("vlans", "10", "sim1");
        await core.PutAsync("ingress", "sim2", "sim1");
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((Start, Start), (Of("vlans", "10"), Of("ingress", "sim2")));

        await core.Attachments.PutAsync("vlans", "sim0", new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());
        await core.Attachments.PutAsync("ingress", "sim3", new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());
        Assert.Equal((Start.AddMinutes(1), Start), (Of("vlans", "10"), Of("ingress", "sim2")));

        time.Advance(TimeSpan.FromMinutes(1));
        core.Host.RemoveInterface("sim0");
        await Eventually.Async(() => Of("vlans", "10") == Start.AddMinutes(2));

        DateTimeOffset? Of(string devmap, string key) =>
            Time(core.Entries.Get(devmap, key, RequestContext.OfDaemon()).Status.Conditions, ConditionTypes.IngressAttached);
    }

    [Fact]
    public async Task EveryCondition_HasATime()
    {
        var host = SimulatedHost.WithInterfaces();
        host.AddInterface("bare", features: XdpFeatures.None);
        host.ChangeInterface("bare", i => i with { Mac = null });
        await using var core = await CoreFixture.StartAsync(host);
        await core.PutProgramAsync("stop", "drop");
        await core.PutProgramAsync("pop", "popVlan");
        await core.PutAsync("vlans", "10", "sim1", "stop");
        await core.PutAsync("vlans", "5000", "bare", "pop");
        await core.PutAsync("ingress", "77", "sim0");
        await core.PutAsync("ingress", "never0", "sim0", allowPending: true);
        await core.PutAsync("addresses", "10.0.0.1", "never1", allowPending: true);
        host.SetElementByHand("addresses", 99, new KernelEntry(1, 0));

        var conditions = new[] { "vlans", "ingress", "addresses" }
            .SelectMany(d => core.Entries.List(d, new EntryQuery(), RequestContext.OfDaemon()).Entries.SelectMany(e => e.Status.Conditions)
                .Concat(core.Devmaps.Get(d).Status.Conditions))
            .ToList();

        Assert.Superset(
            new HashSet<string>(["EgressProgramPasses", "EgressProgramFits", "KeyReachable", "InKernel", "KeysSpread", "IngressAttached", "InterfacePresent", "KeyInterfacePresent"]),
            conditions.Select(c => c.Type.Name).ToHashSet());
        Assert.All(conditions, c => Assert.True(c.LastTransitionTime >= core.State.Facts.Start, $"{c.Type} {c.Reason}: {c.LastTransitionTime}"));
    }

    private static DateTimeOffset? Time(IReadOnlyList<Condition> conditions, ConditionType type) =>
        conditions.Single(c => c.Type == type).LastTransitionTime;
}
