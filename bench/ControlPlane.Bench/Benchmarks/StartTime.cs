using ControlPlane.Bench.Harness;

namespace ControlPlane.Bench.Benchmarks;

/// <summary>How long the daemon takes to be ready.</summary>
internal sealed class StartTime : IBenchmark
{
    private const int Rounds = 3;
    private static readonly int[] _sizes = [0, 10_000, 100_000];

    public string Name => "start";

    public string Title => "from the start of the process to the first good answer of /readyz, with durable entries: all pinned, or nothing";

    public async Task<IReadOnlyList<Table>> RunAsync()
    {
        var tables = new List<Table>();
        foreach (var entries in _sizes)
        {
            using var pins = new PinRoot();
            using var state = new StateFolder();
            Devmaps.Fill(pins, entries);
            // The store knows nothing yet and takes over what is pinned.
            await (await ServerProcess.StartDaemonAsync(pins, state)).DisposeAsync();
            tables.Add(await Table.MeasureAsync(
                TimeUnit.Milliseconds,
                Rounds,
                references: 2,
                new("C", () => WalkAsync(pins, entries)),
                new("echo", () => StartAsync(ServerProcess.StartEchoAsync, entries)),
                new("pinned", () => StartAsync(() => ServerProcess.StartDaemonAsync(pins, state), entries)),
                new("rebuilt", () => RebuildAsync(state, entries))));
        }

        return tables;
    }

    private static async Task<Metrics> WalkAsync(PinRoot pins, int entries)
    {
        var metrics = new Metrics();
        await metrics.TimeAsync(Named(entries), 1, () => Commands.BaselineAsync("map_list", pins.ActiveMap(Devmaps.Default.Name)));
        return metrics;
    }

    private static async Task<Metrics> StartAsync(Func<Task<ServerProcess>> start, int entries)
    {
        await using var server = await start();
        return Metrics.Of(Named(entries), server.StartTime.TotalNanoseconds);
    }

    // As after a reboot: the store is all there is.
    private static async Task<Metrics> RebuildAsync(StateFolder state, int entries)
    {
        using var pins = new PinRoot();
        return await StartAsync(() => ServerProcess.StartDaemonAsync(pins, state), entries);
    }

    private static string Named(int entries) => $"{entries} entries";
}
