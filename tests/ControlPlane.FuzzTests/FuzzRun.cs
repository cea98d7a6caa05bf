using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using ControlPlane.TestCommon;

namespace ControlPlane.FuzzTests;

/// <summary>One run: its size, its seed, and the daemon that it asks.</summary>
internal sealed class FuzzRun : IAsyncDisposable
{
    private const int Workers = 8;

    /// <summary>The tests, which share the inputs.</summary>
    private const int Runs = 4;

    private TimeSpan _elapsed;

    private FuzzRun(DaemonProcess daemon) => Daemon = daemon;

    /// <summary>The number of inputs of a run.</summary>
    public static int Inputs { get; } = (int)((Number("DEVMAPD_FUZZ_INPUTS") ?? 24_000) / Runs);

    /// <summary>The seed. The run of all tests has the same each time.</summary>
    public static int Seed { get; } = (int)(Number("DEVMAPD_FUZZ_SEED") ?? 1);

    /// <summary>The daemon.</summary>
    public DaemonProcess Daemon { get; }

    /// <summary>Its unix socket, on which the user of the tests is an administrator.</summary>
    public UnixDomainSocketEndPoint UnixSocket => new(Daemon.UnixSocket);

    /// <summary>The results.</summary>
    public Findings Findings { get; } = new();

    /// <summary>The results in words.</summary>
    public string Summary => string.Create(
        CultureInfo.InvariantCulture, $"{Inputs} inputs in {_elapsed.TotalSeconds:0} s, {Inputs / _elapsed.TotalSeconds:0} a second: {Findings.Summary}; {Findings.Growth}");

    /// <summary>Starts a daemon with small devmaps, so that they are full at times and lists stay short.</summary>
    public static async Task<FuzzRun> StartAsync()
    {
        string[] selectors = ["ingressInterface", "vlan", "ipv4Destination", "vlan"];
        string[] names = ["default", "vlans", "addresses", "plain"];
        var arguments = names.SelectMany((name, i) => new[]
        {
            $"--ControlPlane:Devmaps:{i}:Name={name}", $"--ControlPlane:Devmaps:{i}:KeySelector={selectors[i]}", $"--ControlPlane:Devmaps:{i}:MaxEntries=48",
            $"--ControlPlane:Devmaps:{i}:ValueSize={(name == "plain" ? 4 : 8)}",
        });
        return new FuzzRun(await DaemonProcess.StartReadyAsync(["--simulate", .. arguments]));
    }

    /// <summary>Runs a share of the inputs in each worker, and checks the daemon afterwards.</summary>
    /// <param name="work">Makes and judges one input.</param>
    public async Task RunAsync(Func<Random, IFuzzWorker> work)
    {
        var clock = Stopwatch.StartNew();
        var share = (Inputs + Workers - 1) / Workers;
        var first = Math.Min(share, Math.Max(share / 10, 250));
        await RunAsync(work, first, round: 0);
        var warm = DaemonSize.Read(Daemon.Id);
        await RunAsync(work, share - first, round: 1);
        _elapsed = clock.Elapsed;
        Findings.Check(Daemon, warm);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Daemon.DisposeAsync();

    private static Task RunAsync(Func<Random, IFuzzWorker> work, int inputs, int round) => Task.WhenAll(Enumerable.Range(0, Workers).Select(n => Task.Run(async () =>
    {
        await using var worker = work(new Random((Seed * 1000) + (round * 100) + n));
        await worker.RunAsync(inputs);
    })));

    private static long? Number(string variable) =>
        long.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}

/// <summary>Sends inputs, one after another, over connections of its own.</summary>
internal interface IFuzzWorker : IAsyncDisposable
{
    /// <summary>Sends so many inputs.</summary>
    Task RunAsync(int inputs);
}
