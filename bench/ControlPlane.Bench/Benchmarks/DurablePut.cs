using ControlPlane.Bench.Etcd;
using ControlPlane.Bench.Harness;
using ControlPlane.Client;
using Devmapd.V1;
using Google.Protobuf;
using Grpc.Net.Client;

namespace ControlPlane.Bench.Benchmarks;

/// <summary>Unary writes that are durable when answered: an entry of the daemon's, which then is in the kernel, too, and a pair of etcd's.</summary>
internal sealed class DurablePut : IBenchmark
{
    private const int Rounds = 5;
    private const int CallsOfOne = 300;
    private const int CallsOfMany = 8_000;
    private static readonly PutEntryRequest[] _requests = [.. Enumerable.Range(0, CallsOfMany).Select(Request)];

    public string Name => "durable";

    public string Title =>
        $"durable unary writes of {_requests[^1].CalculateSize()} bytes over loopback h2c, on one connection, both stores on one disk";

    public async Task<IReadOnlyList<Table>> RunAsync()
    {
        using var pins = new PinRoot();
        Devmaps.Fill(pins, 0);
        using var daemonState = new StateFolder();
        using var etcdState = new StateFolder();
        await using var daemon = await ServerProcess.StartDaemonAsync(pins, daemonState);
        await using var etcd = await ServerProcess.StartEtcdAsync(etcdState);

        var tables = new List<Table>();
        foreach (var callers in Callers.Counts)
        {
            var calls = callers == 1 ? CallsOfOne : CallsOfMany;
            tables.Add(await Table.MeasureAsync(
                TimeUnit.Microseconds,
                Rounds,
                references: 1,
                new("etcd", () => PutPairsAsync(etcd, callers, calls)),
                new("devmapd", () => PutEntriesAsync(daemon, callers, calls))));
        }

        return tables;
    }

    private static async Task<Metrics> PutEntriesAsync(ServerProcess daemon, int callers, int calls)
    {
        using var client = DevmapdClient.Connect(daemon.Grpc, Callers.ClientOptions with { Token = daemon.Token });
        await client.Devmaps.PutEntryAsync(_requests[0]); // connects
        await client.DeleteEntryAsync(_requests[0].Devmap, _requests[0].Key);

        var metrics = new Metrics();
        await metrics.TimeAsync(Named(callers), calls, () => Callers.RunAsync(callers, calls, async i => await client.Devmaps.PutEntryAsync(_requests[i])));
        await Callers.RunAsync(Callers.Counts[^1], calls, async i =>
            await client.DeleteEntryAsync(_requests[i].Devmap, _requests[i].Key));
        return metrics;
    }

    // The same bytes under the same name. A pair that is there already costs etcd what a new one does: it keeps both.
    private static async Task<Metrics> PutPairsAsync(ServerProcess etcd, int callers, int calls)
    {
        using var channel = GrpcChannel.ForAddress(etcd.Grpc);
        var client = new KV.KVClient(channel);
        await client.PutAsync(Pair(0)); // connects

        var metrics = new Metrics();
        await metrics.TimeAsync(Named(callers), calls, () => Callers.RunAsync(callers, calls, async i => await client.PutAsync(Pair(i))));
        return metrics;
    }

    private static PutEntryRequest Request(int number) => new()
    {
        Devmap = Devmaps.Default.Name,
        Key = Devmaps.KeyText(number),
        Spec = new()
        {
            Interface = Veth.Name,
            Labels = { ["owner"] = "bench", ["pod"] = $"namespace-{number % 10}/pod-{number:D8}" },
        },
    };

    private static PutRequest Pair(int number) => new()
    {
        Key = ByteString.CopyFromUtf8($"devmaps/{_requests[number].Devmap}/entries/{_requests[number].Key}"),
        Value = _requests[number].ToByteString(),
    };

    private static string Named(int callers) => $"put, {callers} callers";
}
