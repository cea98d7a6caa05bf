using System.Globalization;

namespace ControlPlane.Bench.Harness;

/// <summary>Samples of all variants, round by round.</summary>
/// <param name="Unit">The unit of times.</param>
/// <param name="References">The variants that others are divided by; the first is the plain C one.</param>
/// <param name="Variants">The variants in order, each with the metrics of its rounds.</param>
internal sealed record Table(TimeUnit Unit, IReadOnlyList<string> References, IReadOnlyList<(string Name, IReadOnlyList<Metrics> Rounds)> Variants)
{
    private static readonly TimeSpan _roundLimit = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Runs every variant once a round, in turned order every other round, after one round that does not count. What
    /// disturbs the machine for a while then hits all of them, and the ratio of one round stays fair.
    /// </summary>
    public static async Task<Table> MeasureAsync(TimeUnit unit, int rounds, int references, params Variant[] variants)
    {
        var samples = variants.ToDictionary(v => v.Name, _ => new List<Metrics>());
        for (var round = 0; round <= rounds; round++)
        {
            foreach (var variant in round % 2 == 0 ? variants : variants.Reverse())
            {
                // Garbage of the one before is not this one's.
                GC.Collect();
                var metrics = await Task.Run(variant.Run)
                    .WithinAsync(_roundLimit, string.Create(CultureInfo.InvariantCulture, $"'{variant.Name}' in round {round}"));
                if (round > 0)
                    samples[variant.Name].Add(metrics);
            }
        }

        return new Table(
            unit,
            [.. variants.Take(references).Select(v => v.Name)],
            [.. variants.Select(v => (v.Name, (IReadOnlyList<Metrics>)samples[v.Name]))]);
    }
}
