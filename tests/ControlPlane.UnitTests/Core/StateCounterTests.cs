using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Simulation;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.UnitTests.Core;

/// <summary>The counts of entries by state are those of a list of all entries, whatever comes and goes.</summary>
public sealed class StateCounterTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Counts_AreThoseOfAList(int seed)
    {
        var random = new Random(seed);
        var host = SimulatedHost.WithInterfaces();
        host.AddPair("out", "out-peer");
        await using var core = await CoreFixture.StartAsync(host);
        await core.PutProgramAsync("stop", "drop");
        string[] targets = ["sim0", "sim1", "sim2", "sim3", "out", "gone0", "gone1"];
        for (var step = 0; step < 120; step++)
        {
            var (devmap, key) = random.Next(2) == 0 ? ("vlans", $"{random.Next(12)}") : ("ingress", targets[random.Next(targets.Length)]);
            switch (random.Next(6))
            {
                case 0:
                    await TryAsync(() => core.Entries.DeleteAsync(devmap, key, RequestContext.OfDaemon()));
                    break;
                case 1:
                    host.ChangeInterface($"sim{random.Next(4)}", i => i with { IsUp = !i.IsUp });
                    break;
                default:
                    var target = targets[random.Next(targets.Length)];
                    await TryAsync(() => core.PutAsync(devmap, key, target, target == "sim3" ? "stop" : null, allowPending: true));
                    break;
            }

            foreach (var name in (string[])["vlans", "ingress"])
                AssertCounts(core, name);
        }
    }

    private static void AssertCounts(CoreFixture core, string devmap)
    {
        var counts = core.StateCounter.Count(devmap)!;
        var statuses = core.List(devmap).Entries.Select(e => e.Status).ToList();
        Assert.Equal(
            statuses.GroupBy(s => s.State).Select(g => (g.Key, (long)g.Count())).Order(),
            counts.Entries.Where(c => c.Value > 0).Select(c => (c.Key, c.Value)).Order());
        Assert.Equal(
            statuses.SelectMany(s => s.Conditions).Where(c => c.Status == ConditionStatus.False).GroupBy(c => (c.Type.Name, c.Reason)).Select(g => (g.Key, (long)g.Count())).Order(),
            counts.False.Select(f => (f.Key, f.Value)).Order());
    }

    private static async Task TryAsync(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (ControlPlaneException)
        {
            // Refused: nothing has changed.
        }
    }
}
