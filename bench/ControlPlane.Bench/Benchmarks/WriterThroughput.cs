using System.Globalization;
using ControlPlane.Bench.Harness;

namespace ControlPlane.Bench.Benchmarks;

/// <summary>Entries a second through queue, writer and kernel, in process.</summary>
internal sealed class WriterThroughput : IBenchmark
{
    private const int Keys = 20_000;
    private const int Rounds = 5;
    private static readonly string[] _keys = [.. Enumerable.Range(0, Keys).Select(Devmaps.KeyText)];

    public string Name => "writer";

    public string Title => $"{Keys} entries through EntryService and DevmapWriter in one process, answered when they are in the kernel";

    public async Task<IReadOnlyList<Table>> RunAsync()
    {
        using var pins = new PinRoot();
        await using var core = await ControlPlaneCore.StartAsync(pins);
        var arguments = new[] { Veth.IfindexText(core.Kernel), Keys.ToString(CultureInfo.InvariantCulture) };
        return
        [
            await Table.MeasureAsync(
                TimeUnit.Nanoseconds,
                Rounds,
                references: 1,
                [
                    new("C", async () => Metrics.Of(await Commands.BaselineAsync("map_ops", arguments), "insert", "lookup", "delete")),
                    .. Callers.Counts.Select(callers => new Variant($"{callers} callers", () => RunAsync(core, callers))),
                ]),
        ];
    }

    private static async Task<Metrics> RunAsync(ControlPlaneCore core, int callers)
    {
        var metrics = new Metrics();
        await metrics.TimeAsync("insert", Keys, () => Callers.RunAsync(callers, Keys, i => core.PutAsync(_keys[i], Veth.Name)));
        metrics.Time("lookup", Keys, () => Array.ForEach(_keys, core.Get));
        await metrics.TimeAsync("delete", Keys, () => Callers.RunAsync(callers, Keys, i => core.DeleteAsync(_keys[i])));
        return metrics;
    }
}
