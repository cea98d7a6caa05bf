using System.Globalization;
using System.Text;
using ControlPlane.Bench.Harness;
using ControlPlane.Client;
using ControlPlane.Core.Api;
using Devmapd.V1;

namespace ControlPlane.Bench.Benchmarks;

/// <summary>A whole large devmap, listed.</summary>
internal sealed class EntryList : IBenchmark
{
    private const int Entries = 100_000;
    private const int Rounds = 21;
    private const string Wall = "list";
    private const string Cpu = "cpu";
    private const string TokenField = "\"nextPageToken\":";
    private static readonly string _pageSize = EntryQuery.MaxPageSize.ToString(CultureInfo.InvariantCulture);

    public string Name => "list";

    public string Title => $"{Entries} entries, listed in pages of {EntryQuery.MaxPageSize}";

    public async Task<IReadOnlyList<Table>> RunAsync()
    {
        using var pins = new PinRoot();
        Devmaps.Fill(pins, Entries);
        using var state = new StateFolder();
        await using var daemon = await ServerProcess.StartDaemonAsync(pins, state);
        await using var core = await ControlPlaneCore.StartAsync(pins);
        using var http = new HttpClient { BaseAddress = new Uri(ServerProcess.Rest), DefaultRequestHeaders = { { "Authorization", $"Bearer {daemon.Token}" } } };
        using var client = DevmapdClient.Connect(daemon.Grpc, Callers.ClientOptions with { Token = daemon.Token });
        return
        [
            await Table.MeasureAsync(
                TimeUnit.Milliseconds,
                Rounds,
                references: 1,
                new("C", async () => Metrics.Of(await Commands.BaselineAsync("map_list", pins.ActiveMap(Devmaps.Default.Name)), Wall, Cpu)),
                new("core in process", () => TimeAsync(() => Environment.CpuUsage.TotalTime, () => Task.FromResult(core.ListAll()))),
                new("REST", () => TimeAsync(() => daemon.CpuTime, () => ListByRestAsync(http))),
                new("gRPC", () => TimeAsync(() => daemon.CpuTime, () => ListByGrpcAsync(client)))),
        ];
    }

    // CPU time is that of the one who makes the list; the wall's clock counts its client, too.
    private static async Task<Metrics> TimeAsync(Func<TimeSpan> cpu, Func<Task<int>> list)
    {
        var metrics = new Metrics();
        var before = cpu();
        await metrics.TimeAsync(Wall, 1, async () =>
        {
            if (await list() is not Entries and var count)
                throw new InvalidOperationException($"{count} entries were listed");
        });
        metrics.Add(Cpu, (cpu() - before).TotalNanoseconds);
        return metrics;
    }

    // Entries are counted by their member "kernelKey": parsing would measure this client and not the daemon.
    private static async Task<int> ListByRestAsync(HttpClient http)
    {
        var (count, token) = (0, "");
        do
        {
            var body = await http.GetByteArrayAsync(new Uri($"/v1/devmaps/{Devmaps.Default.Name}/entries?pageSize={_pageSize}{token}", UriKind.Relative));
            count += body.AsSpan().Count("\"kernelKey\":"u8);
            token = NextPage(body);
        }
        while (token.Length > 0);
        return count;
    }

    private static string NextPage(byte[] body)
    {
        var end = Encoding.UTF8.GetString(body.AsSpan(body.AsSpan().LastIndexOf(Encoding.UTF8.GetBytes(TokenField)) + TokenField.Length));
        return end.StartsWith('"') ? "&pageToken=" + end[1..end.IndexOf('"', 1)] : "";
    }

    private static async Task<int> ListByGrpcAsync(DevmapdClient client)
    {
        var count = 0;
        await foreach (var _ in client.ListEntriesAsync(new ListEntriesRequest { Devmap = Devmaps.Default.Name, PageSize = EntryQuery.MaxPageSize }))
            count++;
        return count;
    }
}
