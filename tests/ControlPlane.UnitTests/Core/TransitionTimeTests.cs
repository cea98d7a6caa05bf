using ControlPlane.Core.Model;
using ControlPlane.Simulation;
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
        Assert.Equal(Start.AddMinutes(1), Assert.Single(put.View.Status.Conditions).LastTransitionTime);
    }

    private static DateTimeOffset? Time(IReadOnlyList<Condition> conditions, ConditionType type) =>
        conditions.Single(c => c.Type == type).LastTransitionTime;
}
