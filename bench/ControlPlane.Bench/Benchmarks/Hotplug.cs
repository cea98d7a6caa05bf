using System.Diagnostics;
using System.Globalization;
using ControlPlane.Bench.Harness;
using ControlPlane.Client;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using Devmapd.V1;

namespace ControlPlane.Bench.Benchmarks;

/// <summary>How long an interface is there without the entries that point at it.</summary>
internal sealed class Hotplug : IBenchmark
{
    private const int Callers = 64;
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(30);

    // Each size has keys and an interface of its own, so that one daemon serves all.
    private static readonly (int Entries, uint FirstKey, int Rounds, TimeUnit Unit)[] _sizes =
        [(1, 0, 31, TimeUnit.Microseconds), (10_000, 1, 11, TimeUnit.Milliseconds)];

    public string Name => "hotplug";

    public string Title => "from RTM_NEWLINK of an interface to the last of its entries in the kernel";

    public async Task<IReadOnlyList<Table>> RunAsync()
    {
        using var pins = new PinRoot();
        using var state = new StateFolder();
        Devmaps.Fill(pins, 0);
        await using var daemon = await ServerProcess.StartDaemonAsync(pins, state);
        using var client = DevmapdClient.Connect(daemon.Grpc, new DevmapdClientOptions { Token = daemon.Token });

        var tables = new List<Table>();
        foreach (var (entries, firstKey, rounds, unit) in _sizes)
        {
            var interfaceName = $"hot{entries}";
            await Harness.Callers.RunAsync(Callers, entries, n => PutAsync(client, firstKey + (uint)n, interfaceName));
            tables.Add(await Table.MeasureAsync(
                unit,
                rounds,
                references: 1,
                new("C", () => BaselineAsync(daemon, interfaceName, firstKey, entries)),
                new("devmapd", () => DaemonAsync(pins, client, interfaceName, firstKey, entries))));
        }

        return tables;
    }

    private static async Task<Metrics> BaselineAsync(ServerProcess daemon, string interfaceName, uint firstKey, int entries)
    {
        using var pins = new PinRoot();
        Directory.CreateDirectory(pins.Path);
        var pin = $"{pins.Path}/map";
        var start = new ProcessStartInfo(
            Commands.Baseline("hotplug"),
            [pin, interfaceName, Devmaps.Key(firstKey).ToString(CultureInfo.InvariantCulture), entries.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true,
        };
        using var listener = Process.Start(start)!;
        await listener.StandardOutput.ReadLineAsync();
        using var map = Pin.OpenMap(pin, BpfConstants.BPF_F_RDONLY);
        await daemon.SignalAsync("STOP"); // it would do the same work beside
        try
        {
            var elapsed = await Arrival.MeasureAsync(interfaceName, map, firstKey, entries);
            await listener.WaitForExitAsync();
            await Commands.RunAsync("ip", "link", "del", "dev", interfaceName);
            return Metrics.Of(Named(entries), elapsed.TotalNanoseconds);
        }
        finally
        {
            await daemon.SignalAsync("CONT");
        }
    }

    private static async Task<Metrics> DaemonAsync(PinRoot pins, DevmapdClient client, string interfaceName, uint firstKey, int entries)
    {
        await SettleAsync(client, interfaceName, firstKey);
        using var map = Pin.OpenMap(pins.ActiveMap(Devmaps.Default.Name), BpfConstants.BPF_F_RDONLY);
        var elapsed = await Arrival.MeasureAsync(interfaceName, map, firstKey, entries);
        await Commands.RunAsync("ip", "link", "del", "dev", interfaceName);
        return Metrics.Of(Named(entries), elapsed.TotalNanoseconds);
    }

    // The daemon knows that the interface was removed, and its writer, which handles notifications before requests, is idle.
    private static async Task SettleAsync(DevmapdClient client, string interfaceName, uint firstKey)
    {
        using var deadline = new CancellationTokenSource(_deadline);
        while ((await client.Host.ListInterfacesAsync(new ListInterfacesRequest())).Interfaces.Any(i => i.Name == interfaceName))
            await Task.Delay(1, deadline.Token);
        await PutAsync(client, firstKey, interfaceName);
    }

    private static async Task PutAsync(DevmapdClient client, uint key, string interfaceName) =>
        await client.PutEntryAsync(Devmaps.Default.Name, Devmaps.KeyText((int)key), new() { Interface = interfaceName }, allowPending: true);

    private static string Named(int entries) => entries == 1 ? "1 entry" : $"{entries} entries";
}
