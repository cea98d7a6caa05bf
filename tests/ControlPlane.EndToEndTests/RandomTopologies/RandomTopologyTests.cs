using System.Diagnostics;
using System.Globalization;
using Xunit.Abstractions;

namespace ControlPlane.EndToEndTests.RandomTopologies;

/// <summary>
/// Random changes in random topologies. After every few changes, TCP and UDP are sent to every entry from every interface that can receive
/// them. An entry is Forwarding if and only if they arrive.
/// </summary>
/// <remarks>
/// The environment variable <c>DEVMAPD_TRUTH_CASES</c> sets the number of cases; <c>DEVMAPD_TRUTH_SEED</c> repeats a run;
/// <c>DEVMAPD_TRUTH_WITHOUT</c> switches a <see cref="Rule"/> off, by its name, so that the run must fail.
/// </remarks>
[Trait("Group", "truth")]
public sealed class RandomTopologyTests(ITestOutputHelper output)
{
    private const int CasesPerTopology = 10;
    private const int MaxChanges = 4;
    private const int UsualCases = 30;
    private const int UsualSeed = 627570;

    // A state may be reported late, and a new ring may lose a frame. Only a lasting difference counts.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Tally _tally = new();
    private readonly List<string> _disagreements = [];

    [Fact]
    public async Task RandomChanges_ForwardingIfAndOnlyIfTheTrafficArrives()
    {
        var cases = Number("DEVMAPD_TRUTH_CASES", 0);
        // A short run is the same each time. New cases are for `make truth`.
        var seed = Number("DEVMAPD_TRUTH_SEED", cases == 0 ? UsualSeed : Random.Shared.Next(1_000_000));
        cases = cases == 0 ? UsualCases : cases;
        var without = Environment.GetEnvironmentVariable("DEVMAPD_TRUTH_WITHOUT") is { Length: > 0 } name ? Rule.Named(name) : null;
        for (var number = 0; _tally.Cases < cases; number++)
            await RunTopologyAsync(seed + number, Math.Min(CasesPerTopology, cases - _tally.Cases), without);

        output.WriteLine($"truth, first seed {seed}{(without is null ? "" : $", without the rule '{without}'")}: {_tally}");
        output.WriteLine($"{_disagreements.Count} disagreements. Entries that one rule alone keeps from being Forwarding, and whose traffic is lost; without the rule each is a disagreement:");
        foreach (var rule in Rule.All)
            output.WriteLine($"  {rule}: {_tally.Decisive(rule)}");
        Assert.True(_disagreements.Count == 0, $"{_disagreements.Count} disagreements, first seed {seed}, {_tally}:\n\n{string.Join("\n\n", _disagreements)}");
    }

    private async Task RunTopologyAsync(int seed, int cases, Rule? without)
    {
        var random = new Random(seed);
        HashSet<string> known = [];
        await using var topology = await RandomTopology.CreateAsync(random);
        for (var i = 0; i < cases; i++)
        {
            var begin = topology.History.Count;
            await topology.ChangeAsync(random.Next(1, MaxChanges + 1));
            var clock = Stopwatch.StartNew();
            await topology.SettleAsync();

            var verdicts = await topology.JudgeAsync(without);
            var first = verdicts.Where(v => !v.Agrees).ToList();
            while (verdicts.Any(v => !v.Agrees && !known.Contains(v.ToString())) && clock.Elapsed < Patience)
                verdicts = await topology.JudgeAsync(without);

            _tally.Count(verdicts);
            // A disagreement that lasts over several cases counts once.
            var lasting = verdicts.Where(v => !v.Agrees && known.Add(v.ToString())).ToList();
            if (first.Count == 0 || (lasting.Count == 0 && verdicts.Any(v => !v.Agrees)))
                continue;
            var shown = lasting.Count > 0 ? lasting : first;
            var what = $"seed {seed}, case {i}, after {clock.ElapsedMilliseconds} ms\n  {string.Join("\n  ", shown)}\n after\n  {string.Join("\n  ", topology.History.Skip(begin))}";
            if (lasting.Count == 0)
            {
                _tally.Late.Add(clock.ElapsedMilliseconds);
                output.WriteLine($"late: {what}");
            }
            else
            {
                _disagreements.Add($"{what}\n topology\n  {topology}\n all that happened\n  {string.Join("\n  ", topology.History)}");
            }
        }

        _tally.Done += topology.Changes.Done;
        _tally.Refused += topology.Changes.Refused;
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : otherwise;

    private sealed class Tally
    {
        private readonly Dictionary<string, int> _states = [];
        private readonly Dictionary<Rule, int> _decisive = [];
        private int _flows;

        public int Cases { get; private set; }

        public int Done { get; set; }

        public int Refused { get; set; }

        public List<long> Late { get; } = [];

        /// <summary>The entries that a rule alone has decided.</summary>
        public int Decisive(Rule rule) => _decisive.GetValueOrDefault(rule);

        public void Count(IReadOnlyList<Verdict> verdicts)
        {
            Cases++;
            foreach (var verdict in verdicts)
            {
                var state = verdict.Unproved ?? verdict.Entry.Status.State;
                _states[state] = _states.GetValueOrDefault(state) + 1;
                _flows += verdict.Outcomes.Count;
                if (verdict.Decisive is { } rule)
                    _decisive[rule] = Decisive(rule) + 1;
            }
        }

        public override string ToString() =>
            $"{Cases} cases, {Done} changes and {Refused} refused, {_flows} TCP transfers and datagrams, entries judged: {string.Join(", ", _states.OrderBy(s => s.Key).Select(s => $"{s.Value} {s.Key}"))}; "
            + $"{Late.Count} right only later, after {string.Join(", ", Late.Order())} ms";
    }
}
