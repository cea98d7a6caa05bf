using ControlPlane.Core.Fairness;
using ControlPlane.Core.Model;

namespace ControlPlane.UnitTests.Core;

public sealed class CallerGateTests
{
    private static readonly CallerAccount _a = CallerAccount.OfAddress("a"), _b = CallerAccount.OfAddress("b");

    [Fact]
    public async Task Enter_LetsCallersTakeTurns()
    {
        var gate = new CallerGate(1);
        var place = await gate.EnterAsync(_a, default);
        var order = new List<string>();
        var waiting = new[] { EnterAsync("a1", _a), EnterAsync("a2", _a), EnterAsync("b1", _b) };
        Assert.Equal(3, gate.Waiting);

        place.Dispose();
        await Task.WhenAll(waiting);

        Assert.Equal(["a1", "b1", "a2"], order);
        Assert.Equal(0, gate.Waiting);
        (await gate.EnterAsync(_a, default)).Dispose();

        async Task EnterAsync(string name, CallerAccount caller)
        {
            using var entered = await gate.EnterAsync(caller, default);
            order.Add(name);
        }
    }

    [Fact]
    public void Turns_AreThoseOfCallers_ThenOfTheirLines()
    {
        var turns = new CallerTurns<string>();
        object one = new(), two = new();
        foreach (var (work, caller, line) in new[] { ("a1-1", _a, one), ("a1-2", _a, one), ("a1-3", _a, one), ("a2-1", _a, two), ("a2-2", _a, two), ("b-1", _b, null), ("b-2", _b, null) })
            turns.Add(caller, work, line);
        Assert.Equal((7, 5, 2), (turns.Count, turns.CountOf(_a), turns.CountOf(_b)));
        var order = new List<string>();
        while (turns.TryTake(out var work))
            order.Add(work);
        Assert.Equal(["a1-1", "b-1", "a2-1", "b-2", "a1-2", "a2-2", "a1-3"], order);
        Assert.Equal((0, 0), (turns.Count, turns.CountOf(_a)));
    }

    [Fact]
    public async Task Cancelled_TakesNoPlace()
    {
        var gate = new CallerGate(1);
        var place = await gate.EnterAsync(_a, default);
        using var cancel = new CancellationTokenSource();
        var gone = gate.EnterAsync(_a, cancel.Token);
        var stays = gate.EnterAsync(_b, default);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await gone);

        place.Dispose();

        (await stays).Dispose();
        (await gate.EnterAsync(_a, default)).Dispose();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await gate.EnterAsync(_a, cancel.Token));
    }
}
