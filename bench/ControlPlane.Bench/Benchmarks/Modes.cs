using System.Globalization;
using ControlPlane.Bench.Harness;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using Microsoft.Extensions.DependencyInjection;

namespace ControlPlane.Bench.Benchmarks;

/// <summary>Real traffic between two namespaces, each behind a veth, in each mode and through a bridge of the kernel.</summary>
internal sealed class Modes : IBenchmark
{
    private const int Rounds = 3;
    private const int RunMs = 2000;
    private const string Address = "10.9.9.2";
    private const string Bridge = "kernel bridge";

    private static WriterScope Scope => new(granted: true);

    public string Name => "modes";

    public string Title => "CPU time of the whole machine for traffic between two namespaces behind veths; a Gbit of TCP, a UDP frame of 98 bytes";

    public async Task<IReadOnlyList<Table>> RunAsync()
    {
        using var pins = new PinRoot();
        await using var ends = await Ends.CreateAsync();
        using var services = Devmaps.OpenKernel(pins);
        var kernel = services.GetRequiredService<IKernel>();
        using var devmap = kernel.OpenDevmap(Scope, new DevmapRecord("modes", new DevmapSpec(16, RedirectPeer: RedirectPeer.Off)));
        using var peers = kernel.OpenDevmap(Scope, new DevmapRecord("peers", new DevmapSpec(16)));
        var (left, right) = (kernel.Interfaces.Query(Ends.Left)!, kernel.Interfaces.Query(Ends.Right)!);
        foreach (var each in new[] { devmap, peers })
        {
            each.Update(Scope, left.Ifindex, right.Ifindex, null);
            each.Update(Scope, right.Ifindex, left.Ifindex, null);
        }

        async Task<Metrics> InMode(IDevmap devmap, AttachMode mode)
        {
            devmap.Attach(Scope, left, mode);
            devmap.Attach(Scope, right, mode);
            try
            {
                return await MeasureAsync(ends);
            }
            finally
            {
                devmap.Detach(Scope, left.Name);
                devmap.Detach(Scope, right.Name);
            }
        }

        async Task<Metrics> ByBridge()
        {
            await Commands.RunAsync("ip", "link", "add", "name", "br0", "type", "bridge");
            await Commands.RunAsync("ip", "link", "set", "dev", "br0", "up");
            foreach (var name in new[] { Ends.Left, Ends.Right })
                await Commands.RunAsync("ip", "link", "set", "dev", name, "master", "br0");
            try
            {
                return await MeasureAsync(ends);
            }
            finally
            {
                await Commands.RunAsync("ip", "link", "del", "dev", "br0");
            }
        }

        return
        [
            await Table.MeasureAsync(
                TimeUnit.Nanoseconds,
                Rounds,
                references: 1,
                new Variant(Bridge, ByBridge),
                new Variant("native", () => InMode(devmap, AttachMode.Native)),
                new Variant("tcx", () => InMode(devmap, AttachMode.Tcx)),
                new Variant("tcx, to the peer", () => InMode(peers, AttachMode.Tcx))),
        ];
    }

    private static async Task<Metrics> MeasureAsync(Ends ends)
    {
        var metrics = new Metrics();
        var (bytes, cpu) = await RunAsync(ends, "tcp", ["tcp-receive", "9000"], ["tcp-send", Address, "9000", Text(RunMs)]);
        metrics.Add("TCP, a Gbit (per second: Gbit/s of a busy core)", cpu / (bytes * 8 / 1e9));
        (var frames, cpu) = await RunAsync(ends, "udp", ["udp-receive", "9001", "200"], ["udp-send", Address, "9001", Text(RunMs)]);
        metrics.Add("UDP, a frame that arrives", cpu / frames);
        return metrics;
    }

    /// <summary>Returns what the receiver counted, and the CPU time that passed on the whole machine, in nanoseconds.</summary>
    private static async Task<(double Counted, double CpuNs)> RunAsync(Ends ends, string what, string[] receive, string[] send)
    {
        // A new link or bridge port takes a moment to pass frames.
        await Task.Delay(500);
        var receiver = Ends.RunAsync(ends.RightSpace, receive);
        await Task.Delay(200);
        var before = BusyNs();
        await Ends.RunAsync(ends.LeftSpace, send);
        var after = BusyNs();
        var counted = double.Parse(await receiver, CultureInfo.InvariantCulture);
        return counted > 0 ? (counted, after - before) : throw new InvalidOperationException($"no {what} arrived");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    // All but idle and iowait, in ticks of 10 ms.
    private static double BusyNs()
    {
        var words = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words[1..9].Index().Where(w => w.Index is not (3 or 4)).Sum(w => double.Parse(w.Item, CultureInfo.InvariantCulture)) * 1e7;
    }

    /// <summary>Two namespaces, each with a veth whose other end is here.</summary>
    private sealed class Ends : IAsyncDisposable
    {
        public const string Left = "left0";
        public const string Right = "right0";

        public string LeftSpace { get; } = $"devmapd-bench-{Environment.ProcessId}-l";

        public string RightSpace { get; } = $"devmapd-bench-{Environment.ProcessId}-r";

        public static async Task<Ends> CreateAsync()
        {
            var ends = new Ends();
            foreach (var (name, space, address) in new[] { (Left, ends.LeftSpace, "10.9.9.1/24"), (Right, ends.RightSpace, Address + "/24") })
            {
                await Commands.RunAsync("ip", "netns", "add", space);
                await Commands.RunAsync("ip", "link", "add", "name", name, "type", "veth", "peer", "name", "eth0", "netns", space);
                await Commands.RunAsync("ip", "link", "set", "dev", name, "addrgenmode", "none", "up");
                await Commands.RunAsync("ip", "-n", space, "address", "add", address, "dev", "eth0");
                await Commands.RunAsync("ip", "-n", space, "link", "set", "dev", "eth0", "up");
                // Native mode needs it; the other ways do as well with it.
                await Commands.RunAsync("nsenter", $"--net=/run/netns/{space}", "ethtool", "-K", "eth0", "gro", "on");
            }

            return ends;
        }

        public static Task<string> RunAsync(string space, string[] arguments) =>
            Commands.RunAsync("nsenter", [$"--net=/run/netns/{space}", Commands.Baseline("traffic"), .. arguments]);

        public async ValueTask DisposeAsync()
        {
            foreach (var space in new[] { LeftSpace, RightSpace })
                await Commands.RunAsync("ip", "netns", "delete", space);
        }
    }
}
