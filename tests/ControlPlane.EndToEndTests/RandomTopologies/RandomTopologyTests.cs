using System.Diagnostics;
using System.Globalization;
using Xunit.Abstractions;

namespace ControlPlane.EndToEndTests.RandomTopologies;

/// <summary>
/// Random changes in random topologies. After every few changes a full-size frame is sent to every entry from every interface that can
/// receive it. An entry is Forwarding if and only if its frames arrive.
/// </summary>
/// <remarks>The environment variable <c>DEVMAPD_TRUTH_CASES</c> sets the number of cases; <c>DEVMAPD_TRUTH_SEED</c> repeats a run.</remarks>
[Trait("Group", "truth")]
public sealed class RandomTopologyTests(ITestOutputHelper output)
{
    private const int CasesPerTopology = 10;
    private const int MaxChanges = 4;

    // A state may be reported late, and a new ring may lose a frame. Only a lasting difference counts.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task RandomChanges_ForwardingIfAndOnlyIfTheFramesArrive()
    {
        var cases = Number("DEVMAPD_TRUTH_CASES", 40);
        var seed = Number("DEVMAPD_TRUTH_SEED", Random.Shared.Next(1_000_000));
        var tally = new Tally();
        List<string> disagreements = [];
        for (var number = 0; tally.Cases < cases; number++)
            await RunTopologyAsync(seed + number, Math.Min(CasesPerTopology, cases - tally.Cases), tally, disagreements);

        output.WriteLine($"truth, first seed {seed}: {tally}");
        Assert.True(disagreements.Count == 0, $"{disagreements.Count} disagreements, first seed {seed}, {tally}:\n\n{string.Join("\n\n", disagreements)}");
    }

    private async Task RunTopologyAsync(int seed, int cases, Tally tally, List<string> disagreements)
    {
        var random = new Random(seed);
        await using var topology = await RandomTopology.CreateAsync(random);
        for (var i = 0; i < cases; i++)
        {
            var begin = topology.History.Count;
            await topology.ChangeAsync(random.Next(1, MaxChanges + 1));
            var clock = Stopwatch.StartNew();
            await topology.SettleAsync();

            var verdicts = await topology.JudgeAsync();
            var first = verdicts.Where(v => !v.Agrees).ToList();
            while (verdicts.Any(v => !v.Agrees) && clock.Elapsed < Patience)
                verdicts = await topology.JudgeAsync();

            tally.Count(verdicts);
            if (first.Count == 0)
                continue;
            var what = $"seed {seed}, case {i}, after {clock.ElapsedMilliseconds} ms\n  {string.Join("\n  ", first)}\n after\n  {string.Join("\n  ", topology.History.Skip(begin))}";
            if (verdicts.All(v => v.Agrees))
            {
                tally.Late.Add(clock.ElapsedMilliseconds);
                output.WriteLine($"late: {what}");
            }
            else
            {
                disagreements.Add($"{what}\n topology\n  {topology}\n all that happened\n  {string.Join("\n  ", topology.History)}");
            }
        }

        tally.Done += topology.Changes.Done;
        tally.Refused += topology.Changes.Refused;
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : otherwise;

    private sealed class Tally
    {
        public int Cases { get; private set; }

        public int Done { get; set; }

        public int Refused { get; set; }

        public List<long> Late { get; } = [];

        private Dictionary<string, int> States { get; } = [];

        public void Count(IReadOnlyList<Verdict> verdicts)
        {
            Cases++;
            foreach (var verdict in verdicts)
            {
                var state = verdict.Unproved ?? verdict.Entry.Status.State;
                States[state] = States.GetValueOrDefault(state) + 1;
            }
        }

        public override string ToString() =>
            $"{Cases} cases, {Done} changes and {Refused} refused, entries judged: {string.Join(", ", States.OrderBy(s => s.Key).Select(s => $"{s.Value} {s.Key}"))}; "
            + $"{Late.Count} right only later, after {string.Join(", ", Late.Order())} ms";
    }
}
