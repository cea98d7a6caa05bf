using System.Diagnostics;
using System.Globalization;
using ControlPlane.Bench.Harness;
using ControlPlane.Client;
using Devmapd.V1;

namespace ControlPlane.Bench.Benchmarks;

/// <summary>The cost of finding the caller of a call and attributing what it changes, by kind of identity.</summary>
internal sealed class AccessCost : IBenchmark
{
    private const int Rounds = 9;
    private const int Calls = 2_000;
    private const int CallersAtOnce = 32;

    public string Name => "access";

    public string Title => "calls over the unix socket, on one connection: of the user at the other end, and of a token";

    public async Task<IReadOnlyList<Table>> RunAsync()
    {
        using var pins = new PinRoot();
        Devmaps.Fill(pins, 0);
        using var state = new StateFolder();
        await using var daemon = await ServerProcess.StartDaemonAsync(pins, state);
        var socket = $"unix:{ServerProcess.SocketOf(state)}";
        return
        [
            await Table.MeasureAsync(
                TimeUnit.Microseconds,
                Rounds,
                references: 1,
                new("peer", () => RunAsync(socket, token: null)),
                new("token", () => RunAsync(socket, daemon.Token))),
        ];
    }

    private static async Task<Metrics> RunAsync(string socket, string? token)
    {
        using var client = DevmapdClient.Connect(socket, Callers.ClientOptions with { Token = token });
        var devmap = Devmaps.Default.Name;
        await client.PutEntryAsync(devmap, Devmaps.KeyText(0), new() { Interface = Veth.Name });
        // Every write changes its entry: a write of what is stored is attributed to nobody.
        var labels = new Dictionary<string, string> { ["written"] = Stopwatch.GetTimestamp().ToString(CultureInfo.InvariantCulture) };
        var metrics = new Metrics();
        await metrics.TimeAsync("GetEntry", Calls, () => Callers.RunAsync(CallersAtOnce, Calls, async _ =>
            await client.Devmaps.GetEntryAsync(new GetEntryRequest { Devmap = devmap, Key = Devmaps.KeyText(0) })));
        await metrics.TimeAsync("PutEntry", Calls, () => Callers.RunAsync(CallersAtOnce, Calls, async i =>
            await client.PutEntryAsync(devmap, Devmaps.KeyText(i), new() { Interface = Veth.Name, Labels = { labels } })));
        return metrics;
    }
}
