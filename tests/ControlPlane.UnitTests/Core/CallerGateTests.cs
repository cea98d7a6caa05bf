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
