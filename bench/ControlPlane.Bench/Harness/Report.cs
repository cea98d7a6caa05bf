using System.Globalization;

namespace ControlPlane.Bench.Harness;

/// <summary>Prints tables: medians, the extremes, and medians of each round's ratio to the references.</summary>
internal static class Report
{
    public static void Print(IBenchmark benchmark, IEnumerable<Table> tables)
    {
        Console.WriteLine();
        Console.WriteLine($"{benchmark.Name}: {benchmark.Title}");
        foreach (var table in tables)
            Print(table);
    }

    private static void Print(Table table)
    {
        var names = table.Variants.SelectMany(v => v.Rounds.SelectMany(r => r.Names)).Distinct().ToList();
        var widths = (Metric: Math.Max(12, names.Max(n => n.Length)), Variant: Math.Max(12, table.Variants.Max(v => v.Name.Length)));
        var header = $"  {"".PadRight(widths.Metric)}  {"".PadRight(widths.Variant)}  {$"median {table.Unit.Name}",12}  {"min",10}  {"max",10}  {"per second",11}";
        Console.WriteLine(header + string.Concat(table.References.Select(r => $"  {"x " + r,12}")));
        foreach (var metric in names)
        {
            foreach (var (name, rounds) in table.Variants)
            {
                var values = Values(rounds, metric);
                if (values.Count == 0)
                    continue;
                var median = Median(values);
                var line = string.Create(
                    CultureInfo.InvariantCulture,
                    $"  {metric.PadRight(widths.Metric)}  {name.PadRight(widths.Variant)}  {median / table.Unit.Ns,12:N1}  {values.Min() / table.Unit.Ns,10:N1}  {values.Max() / table.Unit.Ns,10:N1}  {1e9 / median,11:N0}");
                Console.WriteLine(line + string.Concat(table.References.Select(r => Ratio(table, r, rounds, metric))));
            }
        }
    }

    private static string Ratio(Table table, string reference, IReadOnlyList<Metrics> rounds, string metric)
    {
        var baseline = table.Variants.First(v => v.Name == reference).Rounds;
        var ratios = rounds.Zip(baseline, (r, b) => r.Find(metric) / b.Find(metric)).OfType<double>().ToList();
        return ratios.Count == 0 ? $"  {"-",12}" : string.Create(CultureInfo.InvariantCulture, $"  {Median(ratios),12:N2}");
    }

    private static List<double> Values(IEnumerable<Metrics> rounds, string metric) => [.. rounds.Select(r => r.Find(metric)).OfType<double>()];

    private static double Median(List<double> values)
    {
        var sorted = values.Order().ToList();
        var middle = sorted.Count / 2;
        return sorted.Count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
