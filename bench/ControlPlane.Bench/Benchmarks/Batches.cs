using System.Diagnostics;
using System.Globalization;
using ControlPlane.Bench.Harness;
using ControlPlane.Client;
using ControlPlane.Core.Ports;
using Devmapd.V1;
using Microsoft.Extensions.DependencyInjection;

namespace ControlPlane.Bench.Benchmarks;

/// <summary>Many entries in few calls, beside one call for each. Another caller writes meanwhile, one entry after the other.</summary>
internal sealed class Batches : IBenchmark
{
    private const int Rounds = 5;
    private const int Entries = 10_000;
    private const int AtomicItems = 1_000;
    private const int FewChanges = 100;
    private const int UnaryCallers = 64;
    private static readonly string[] _keys = [.. Enumerable.Range(0, Entries).Select(Devmaps.KeyText)];
    private static readonly string _otherKey = Devmaps.KeyText(Entries);

    public string Name => "batch";

    public string Title => string.Create(
        CultureInfo.InvariantCulture, $"{Entries} entries by one call each (64 callers), by atomic batches of {AtomicItems}, by one stream of them, by one independent batch, and by one table, and a table of {Entries} entries in which {FewChanges} change, over loopback h2c");

    public async Task<IReadOnlyList<Table>> RunAsync()
    {
        using var pins = new PinRoot();
        Devmaps.Fill(pins, 0);
        using var state = new StateFolder();
        await using var daemon = await ServerProcess.StartDaemonAsync(pins, state);
        using var kernel = Devmaps.OpenKernel(pins);
        var ifindex = Veth.IfindexText(kernel.GetRequiredService<IKernel>());
        using var client = DevmapdClient.Connect(daemon.Grpc, Callers.ClientOptions with { Token = daemon.Token });
        var token = (await client.Tokens.CreateTokenAsync(new CreateTokenRequest { Name = "other", Role = Role.Operator })).Secret;
        using var other = DevmapdClient.Connect(daemon.Grpc, Callers.ClientOptions with { Token = token });

        return
        [
            await Table.MeasureAsync(
                TimeUnit.Microseconds,
                Rounds,
                references: 1,
                new("C", () => BaselineAsync(ifindex)),
                new("unary", () => RunAsync(other, put: () => UnaryAsync(client, put: true), delete: () => UnaryAsync(client, put: false))),
                new("atomic", () => RunAsync(other, put: () => AtomicAsync(client, put: true), delete: () => AtomicAsync(client, put: false))),
                new("stream", () => RunAsync(other, put: () => StreamAsync(client, put: true), delete: () => StreamAsync(client, put: false))),
                new("independent", () => RunAsync(other, put: () => ApplyAsync(client, BatchMode.Independent, Items(_keys, put: true)), delete: () => ApplyAsync(client, BatchMode.Independent, Items(_keys, put: false)))),
                new("table", () => RunAsync(other, put: () => ReplaceAsync(client, Entries), delete: () => ReplaceAsync(client, 0)))),
            await Table.MeasureAsync(
                TimeUnit.Microseconds,
                Rounds,
                references: 0,
                new Variant("table, few changes", () => RunFewAsync(client, other))),
        ];
    }

    private static async Task<Metrics> BaselineAsync(string ifindex)
    {
        var all = await Commands.BaselineAsync("map_ops", ifindex, Entries.ToString(CultureInfo.InvariantCulture));
        var metrics = new Metrics();
        metrics.Add("put", all.Find("insert")!.Value);
        metrics.Add("delete", all.Find("delete")!.Value);
        return metrics;
    }

    private static async Task<Metrics> RunAsync(DevmapdClient other, Func<Task> put, Func<Task> delete)
    {
        var metrics = new Metrics();
        using var end = new CancellationTokenSource();
        var longest = LongestPutAsync(other, end.Token);
        await metrics.TimeAsync("put", Entries, put);
        await metrics.TimeAsync("delete", Entries, delete);
        await end.CancelAsync();
        metrics.Add("longest put of another caller", (await longest).TotalNanoseconds);
        return metrics;
    }

    private static async Task<TimeSpan> LongestPutAsync(DevmapdClient client, CancellationToken end)
    {
        var longest = TimeSpan.Zero;
        for (var i = 0; !end.IsCancellationRequested; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await client.PutEntryAsync(Devmaps.Default.Name, _otherKey, new() { Interface = Veth.Name, Labels = { ["round"] = $"{i % 2}" } }, cancellationToken: CancellationToken.None);
            longest = TimeSpan.FromTicks(Math.Max(longest.Ticks, Stopwatch.GetElapsedTime(start).Ticks));
        }

        return longest;
    }

    private static Task UnaryAsync(DevmapdClient client, bool put) => Callers.RunAsync(UnaryCallers, Entries, async i =>
    {
        if (put)
            await client.PutEntryAsync(Devmaps.Default.Name, _keys[i], new() { Interface = Veth.Name });
        else
            await client.DeleteEntryAsync(Devmaps.Default.Name, _keys[i]);
    });

    private static async Task AtomicAsync(DevmapdClient client, bool put)
    {
        foreach (var keys in _keys.Chunk(AtomicItems))
            await ApplyAsync(client, BatchMode.Atomic, Items(keys, put));
    }

    private static async Task StreamAsync(DevmapdClient client, bool put)
    {
        await foreach (var _ in client.WriteEntriesAsync(_keys.Chunk(AtomicItems).ToAsyncEnumerable().Select(keys => new WriteEntriesRequest { Mode = BatchMode.Atomic, Items = { Items(keys, put) } })))
        {
            // An atomic batch that fails ends the stream.
        }
    }

    private static async Task ApplyAsync(DevmapdClient client, BatchMode mode, IEnumerable<BatchItem> items)
    {
        var results = await client.ApplyEntriesAsync(mode, items);
        if (results.FirstOrDefault(r => r.Error is not null)?.Error is { } error)
            throw new InvalidOperationException(error.Detail);
    }

    private static async Task<Metrics> RunFewAsync(DevmapdClient client, DevmapdClient other)
    {
        await ReplaceAsync(client, Entries);
        var metrics = new Metrics();
        using var end = new CancellationTokenSource();
        var longest = LongestPutAsync(other, end.Token);
        await metrics.TimeAsync("100 of 10,000 change", 1, () => ReplaceAsync(client, Entries, FewChanges));
        await metrics.TimeAsync("none of 10,000 changes", 1, () => ReplaceAsync(client, Entries, FewChanges));
        await end.CancelAsync();
        metrics.Add("longest put of another caller", (await longest).TotalNanoseconds);
        await ReplaceAsync(client, 0);
        return metrics;
    }

    // The entry of the other caller has no label, so it is not in the scope.
    private static async Task ReplaceAsync(DevmapdClient client, int entries, int changed = 0)
    {
        var request = new ReplaceEntriesRequest { Devmap = Devmaps.Default.Name, Label = { "of=table" }, AllowDeletions = Entries };
        for (var i = 0; i < entries; i++)
            request.Entries.Add(new DesiredEntry { Key = _keys[i], Spec = new() { Interface = Veth.Name, Labels = { ["round"] = i < changed ? "changed" : "first" } } });
        await client.ReplaceEntriesAsync(request);
    }

    private static IEnumerable<BatchItem> Items(IEnumerable<string> keys, bool put) => keys.Select(key => put
        ? new BatchItem { Put = new() { Devmap = Devmaps.Default.Name, Key = key, Spec = new() { Interface = Veth.Name } } }
        : new BatchItem { Delete = new() { Devmap = Devmaps.Default.Name, Key = key } });
}
