using ControlPlane.Core.Errors;
using ControlPlane.Core.Writing.Loop;
using CsCheck;
using Xunit.Abstractions;

namespace ControlPlane.UnitTests.Core.Linearizability;

/// <summary>
/// Callers who write and read the same few things at once are answered as if the control plane took one call at a time. Where store
/// or kernel refuse, nothing has changed; and at the end API, store and kernel have the same.
/// </summary>
/// <remarks>
/// CsCheck prints the seed of the scenario that fails; environment variable <c>CsCheck_Seed</c> plays it again, and <c>CsCheck_Iter</c>
/// sets how many are played (100). The threads of a scenario meet differently every time, so what failed is printed as a whole.
/// </remarks>
public sealed class LinearizabilityTests(ITestOutputHelper output)
{
    private static readonly KernelException NoMemory = new("bpf", Errno.ENOMEM, "ENOMEM (Cannot allocate memory)");

    private readonly Dictionary<string, int> _answers = [];

    [Fact]
    public Task Calls_AreLinearizable() => CheckAsync(new Circumstances());

    [Fact]
    public Task Calls_InterfaceComesAndGoes_AreLinearizable() => CheckAsync(new Circumstances(Flapping: true));

    [Fact]
    public Task Calls_StoreRefusesSome_RefusedChangesNothing() =>
        CheckAsync(new Circumstances(StoreRefusesOneIn: 4), ErrorCode.StoreUnavailable);

    [Fact]
    public Task Calls_KernelRefusesSome_RefusedChangesNothing() =>
        CheckAsync(new Circumstances(KernelRefusesOneIn: 4), ErrorCode.KernelFailure);

    [Fact]
    public Task Calls_StoreAndKernelRefuseSome_RefusedChangesNothing() =>
        CheckAsync(new Circumstances(StoreRefusesOneIn: 5, KernelRefusesOneIn: 5), ErrorCode.StoreUnavailable, ErrorCode.KernelFailure);

    [Fact]
    public Task Calls_QueueIsFull_RefusedChangesNothing() =>
        CheckAsync(new Circumstances(Options: new WriterOptions { QueueCapacity = 1, MaxBatch = 2 }), ErrorCode.WriterBusy);

    [Fact]
    public async Task PreconditionsCheckedOutsideTheWriter_AreFoundOut()
    {
        var found = false;
        await Scenario.Generator().SampleAsync(
            async scenario =>
            {
                if (found)
                    return;
                var (history, _) = await PlayAsync(scenario, new Circumstances(), core => new BrokenSubject(core));
                found = !Linearization.Exists(history, Model.Empty(SmallSetup.Links));
            },
            iter: 3000, threads: 1);
        Assert.True(found, "no history with a lost update was found out");
    }

    private async Task CheckAsync(Circumstances circumstances, params ErrorCode[] refusals)
    {
        await Scenario.Generator(circumstances.Flapping).SampleAsync(
            async scenario =>
            {
                var (history, faults) = await PlayAsync(scenario, circumstances, core => new Subject(core));
                var text = string.Join('\n', history);
                Assert.True(Linearization.Exists(history, Model.Empty(SmallSetup.Links, refusals)), $"no order explains\n{text}");
                Assert.True(faults.Count == 0, $"{string.Join('\n', faults)}\nafter\n{text}");
                foreach (var call in history)
                    Count($"{call.Operation.GetType().Name} {call.Answer.Error?.ToString() ?? (call.Answer.IsCancelled ? "cancelled" : "ok")}");
            },
            threads: 1);
        output.WriteLine(string.Join('\n', _answers.OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => $"{a.Value,6} {a.Key}")));
        // A check of what never happened would prove nothing.
        foreach (var refusal in refusals)
            Assert.Contains(_answers.Keys, a => a.EndsWith($" {refusal}", StringComparison.Ordinal));
    }

    private void Count(string answer) => _answers[answer] = _answers.GetValueOrDefault(answer) + 1;

    private static async Task<(IReadOnlyList<Call> History, IReadOnlyList<string> Faults)> PlayAsync(
        Scenario scenario, Circumstances circumstances, Func<CoreFixture, Subject> subject)
    {
        using var store = new SlowFailingStore(scenario.Seed);
        using var gate = new KernelGate();
        await using var core = await CoreFixture.StartAsync(
            wrap: gate.Wrap, options: circumstances.Options, store: store, devmaps: [SmallSetup.ByVlan, SmallSetup.ByInterface]);
        store.RefusesOneIn = circumstances.StoreRefusesOneIn;
        if (circumstances.KernelRefusesOneIn is > 0 and var oneIn)
        {
            var random = new Random(scenario.Seed);
            // Never twice in a row: a batch of two can then be undone. An element that cannot be undone is Unmanaged, which the model does not know.
            var hasRefused = false;
            gate.Fault = () => (hasRefused = !hasRefused && random.Next(oneIn) == 0) ? NoMemory : null;
        }

        var history = await new Recorder(subject(core)).PlayAsync(scenario);
        (store.RefusesOneIn, gate.Fault) = (0, null);
        return (history, [.. await ConsistencyCheck.FaultsAsync(core, store)]);
    }

    /// <summary>Under what the callers call.</summary>
    private sealed record Circumstances(
        bool Flapping = false, int StoreRefusesOneIn = 0, int KernelRefusesOneIn = 0, WriterOptions? Options = null);
}
