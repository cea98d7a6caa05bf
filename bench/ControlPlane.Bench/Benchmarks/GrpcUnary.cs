using System.Globalization;
using ControlPlane.Bench.Harness;
using ControlPlane.Client;
using ControlPlane.Core.Ports;
using Devmapd.V1;
using Microsoft.Extensions.DependencyInjection;

namespace ControlPlane.Bench.Benchmarks;

/// <summary>Unary calls to the daemon over loopback h2c.</summary>
internal sealed class GrpcUnary : IBenchmark
{
    private const int Rounds = 21;
    private const int CallsOfOne = 2_000;
    private const int CallsOfMany = 4_000;
    private static readonly string[] _keys = [.. Enumerable.Range(0, CallsOfMany).Select(Devmaps.KeyText)];

    public string Name => "grpc-unary";

    public string Title => "unary calls over loopback h2c, server and client as processes of their own, on one connection";

    public async Task<IReadOnlyList<Table>> RunAsync()
    {
        using var pins = new PinRoot();
        Devmaps.Fill(pins, 0);
        using var state = new StateFolder();
        await using var daemon = await ServerProcess.StartDaemonAsync(pins, state);
        await using var echo = await ServerProcess.StartEchoAsync();
        using var kernel = Devmaps.OpenKernel(pins);
        var ifindex = Veth.IfindexText(kernel.GetRequiredService<IKernel>());

        var tables = new List<Table>();
        foreach (var callers in Callers.Counts)
        {
            var calls = callers == 1 ? CallsOfOne : CallsOfMany;
            tables.Add(await Table.MeasureAsync(
                TimeUnit.Microseconds,
                Rounds,
                references: 2,
                new("C", () => BaselineAsync(callers, ifindex, calls)),
                new("echo", () => RunAsync(echo, callers, calls)),
                new("devmapd", () => RunAsync(daemon, callers, calls))));
        }

        return tables;
    }

    private static async Task<Metrics> BaselineAsync(int callers, string ifindex, int calls)
    {
        var all = await Commands.BaselineAsync("map_ops", ifindex, calls.ToString(CultureInfo.InvariantCulture));
        var metrics = new Metrics();
        foreach (var (call, operation) in new[] { ("PutEntry", "insert"), ("GetEntry", "lookup"), ("DeleteEntry", "delete") })
            metrics.Add(Named(call, callers), all.Find(operation)!.Value);
        return metrics;
    }

    private static async Task<Metrics> RunAsync(ServerProcess server, int callers, int calls)
    {
        using var client = DevmapdClient.Connect(server.Grpc, Callers.ClientOptions with { Token = server.Token });
        var devmap = Devmaps.Default.Name;
        await client.Devmaps.GetEntryAsync(new GetEntryRequest { Devmap = devmap, Key = "0.0.0.0" }).ResponseAsync.ContinueWith(static _ => { }, TaskScheduler.Default);

        var metrics = new Metrics();
        await metrics.TimeAsync(Named("PutEntry", callers), calls, () => Callers.RunAsync(callers, calls, async i =>
            await client.PutEntryAsync(devmap, _keys[i], new() { Interface = Veth.Name })));
        await metrics.TimeAsync(Named("GetEntry", callers), calls, () => Callers.RunAsync(callers, calls, async i =>
            await client.Devmaps.GetEntryAsync(new GetEntryRequest { Devmap = devmap, Key = _keys[i] })));
        await metrics.TimeAsync(Named("DeleteEntry", callers), calls, () => Callers.RunAsync(callers, calls, async i =>
            await client.DeleteEntryAsync(devmap, _keys[i])));
        return metrics;
    }

    private static string Named(string call, int callers) => $"{call}, {callers} callers";
}
