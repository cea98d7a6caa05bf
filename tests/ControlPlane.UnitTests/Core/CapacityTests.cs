using ControlPlane.Core.Model;
using ControlPlane.Core.State;

namespace ControlPlane.UnitTests.Core;

public sealed class CapacityTests
{
    [Fact]
    public async Task Devmap_BecomesFull_SaysSo()
    {
        await using var core = await CoreFixture.StartAsync();
        Assert.Equal((ConditionStatus.True, "RoomLeft"), Of(core));
        for (var key = 1; key <= 4; key++)
            await core.PutAsync("plain", $"{key}", "sim1");
        Assert.Equal((ConditionStatus.False, "CapacityExhausted"), Of(core));
        var condition = Condition(core);
        Assert.Contains("4 of at most 4 entries", condition.Message, StringComparison.Ordinal);
        Assert.NotNull(condition.Remedy);
        Assert.NotNull(condition.LastTransitionTime);
        await core.Entries.DeleteAsync("plain", "1", null, false, RequestContext.OfDaemon());
        Assert.Equal((ConditionStatus.True, "RoomLeft"), Of(core));
    }

    [Theory]
    [InlineData(79, "Available")]
    [InlineData(80, "Low")]
    [InlineData(94, "Low")]
    [InlineData(95, "Critical")]
    [InlineData(99, "Critical")]
    [InlineData(100, "Exhausted")]
    public void Level_FollowsTheThresholds(int entries, string level) =>
        Assert.Equal(Enum.Parse<CapacityLevel>(level), Capacity.LevelOf(entries, 100, new CapacityOptions()));

    private static Condition Condition(CoreFixture core) =>
        core.Devmaps.Get("plain", RequestContext.OfDaemon()).Status.Conditions.Single(c => c.Type == ConditionTypes.CapacityAvailable);

    private static (ConditionStatus, string) Of(CoreFixture core) => (Condition(core).Status, Condition(core).Reason);
}
