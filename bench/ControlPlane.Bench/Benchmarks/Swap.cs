using System.Diagnostics;
using System.Globalization;
using ControlPlane.Bench.Harness;

namespace ControlPlane.Bench.Benchmarks;

/// <summary>The egress program of all entries for one interface changes, and others write meanwhile.</summary>
internal sealed class Swap : IBenchmark
{
    private const int Few = 16_625;
    private const int Many = 66_500;
    private const int Rounds = 5;
    private const string Program = "seen";

    // None of the filled ones.
    private static readonly string _other = Devmaps.KeyText(Many + 1);

    public string Name => "swap";

    public string Title => $"one SetEgressProgram over {Few} and {Many} entries in one process, by entry; and the longest of the writes beside it";

    public async Task<IReadOnlyList<Table>> RunAsync()
    {
        using PinRoot fewPins = new(), manyPins = new();
        await using var few = await FillAsync(fewPins, Few);
        await using var many = await FillAsync(manyPins, Many);
        var arguments = new[] { Veth.IfindexText(many.Kernel), Many.ToString(CultureInfo.InvariantCulture) };
        return
        [
            await Table.MeasureAsync(
                TimeUnit.Nanoseconds,
                Rounds,
                references: 1,
                new("C", async () => Metrics.Of(await Commands.BaselineAsync("map_ops", arguments), "replace")),
                new($"{Few} entries", () => SwapAsync(few, Few)),
                new($"{Many} entries", () => SwapAsync(many, Many))),
            await Table.MeasureAsync(
                TimeUnit.Microseconds,
                Rounds,
                references: 1,
                new("no swap", () => WriteAsync(many, Task.Delay(TimeSpan.FromMilliseconds(500)))),
                new("beside swaps", () => WriteAsync(many, ThereAndBackAsync(many)))),
        ];
    }

    private static async Task<ControlPlaneCore> FillAsync(PinRoot pins, int entries)
    {
        var core = await ControlPlaneCore.StartAsync(pins);
        await Callers.RunAsync(256, entries, i => core.PutAsync(Devmaps.KeyText(i), Veth.Name));
        await core.PutProgramAsync(Program);
        return core;
    }

    private static async Task<Metrics> SwapAsync(ControlPlaneCore core, int entries)
    {
        var metrics = new Metrics();
        await metrics.TimeAsync("replace", 2 * entries, () => ThereAndBackAsync(core));
        return metrics;
    }

    private static async Task ThereAndBackAsync(ControlPlaneCore core)
    {
        await core.SetEgressProgramAsync(Veth.Name, Program);
        await core.SetEgressProgramAsync(Veth.Name, null);
    }

    /// <summary>Writes one after the other until the other work has ended.</summary>
    private static async Task<Metrics> WriteAsync(ControlPlaneCore core, Task beside)
    {
        var longest = TimeSpan.Zero;
        while (!beside.IsCompleted)
        {
            var start = Stopwatch.GetTimestamp();
            await core.PutAsync(_other, InterfaceOfOthers);
            await core.DeleteAsync(_other);
            var took = Stopwatch.GetElapsedTime(start);
            longest = took > longest ? took : longest;
        }

        await beside;
        return Metrics.Of("longest put and delete", longest.TotalNanoseconds);
    }

    // Loopback accepts entries, and no frame is sent here.
    private const string InterfaceOfOthers = "lo";
}
