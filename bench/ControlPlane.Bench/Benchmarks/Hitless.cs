using System.Diagnostics;
using System.Globalization;
using ControlPlane.Bench.Harness;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Bench.Benchmarks;

/// <summary>Whole tables are written one after the other while frames flow, in place and without a gap. The redirect program counts the frames that miss.</summary>
/// <remarks>The environment variable <c>DEVMAPD_SYNCS</c> sets the number of tables in each mode; the default is 100.</remarks>
internal sealed class Hitless : IBenchmark
{
    private const int Entries = 10_000;
    private const string Key = "10.2.0.0"; // the destination of the frames

    private static readonly int _syncs = int.Parse(Environment.GetEnvironmentVariable("DEVMAPD_SYNCS") is { Length: > 0 } text ? text : "100", CultureInfo.InvariantCulture);

    public string Name => "hitless";

    public string Title => $"frames that miss during {_syncs} writes of a table of {Entries} entries, all of which change; and the time of one";

    public async Task<IReadOnlyList<Table>> RunAsync()
    {
        using var pins = new PinRoot();
        foreach (var (end, peer) in new[] { ("hit0", "hit1"), ("hit2", "hit3"), ("hit4", "hit5") })
        {
            await Commands.RunAsync("ip", "link", "add", "name", end, "type", "veth", "peer", "name", peer);
            await Commands.RunAsync("ip", "link", "set", "dev", end, "addrgenmode", "none", "up");
            await Commands.RunAsync("ip", "link", "set", "dev", peer, "addrgenmode", "none", "up");
            await Commands.RunAsync("ethtool", "-K", peer, "gro", "on");
        }

        await using var core = await ControlPlaneCore.StartAsync(pins);
        await core.ReplaceAsync(Table(0), ReplaceMode.InPlace);
        var link = await core.AttachAsync("hit0");
        foreach (var (mode, keeps) in new[] { (ReplaceMode.InPlace, false), (ReplaceMode.Hitless, false), (ReplaceMode.Hitless, true) })
            await MeasureAsync(core, link, mode, keeps);
        return [];
    }

    private static async Task MeasureAsync(ControlPlaneCore core, DevmapLink link, ReplaceMode mode, bool keeps)
    {
        await core.ReplaceAsync(Table(0), ReplaceMode.InPlace);
        using var run = core.Kernel.LiveFrames.Begin();
        var (before, sent, over) = (core.Traffic(), 0L, false);
        var sender = new Thread(() =>
        {
            var order = new LiveFrameOrder(Devmaps.Default.Name, (10u << 24) + (2u << 16), link, 0, UdpFrame.Whole(98), ILiveFrames.MaxFrames);
            while (!Volatile.Read(ref over))
            {
                run.Send(new WriterScope(granted: true), order);
                sent += ILiveFrames.MaxFrames;
            }
        });
        sender.Start();
        var started = Stopwatch.GetTimestamp();
        for (var sync = 1; sync <= _syncs; sync++)
            await core.ReplaceAsync(Table(sync, keeps), mode);
        var took = Stopwatch.GetElapsedTime(started);
        Volatile.Write(ref over, true);
        sender.Join();
        var after = core.Traffic();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  {mode,-8} {(keeps ? "the frames' entry stays" : "every entry changes"),-24} {_syncs,6} tables {took.TotalMilliseconds / _syncs,8:N1} ms each {sent,13:N0} frames {after.MissedPackets - before.MissedPackets,8:N0} missed {(ulong)sent - (after.RedirectedPackets - before.RedirectedPackets),8:N0} not redirected"));
    }

    private static IEnumerable<(string Key, string Target)> Table(int sync, bool keeps = false)
    {
        var target = sync % 2 == 0 ? "hit2" : "hit4";
        yield return (Key, keeps ? "hit2" : target);
        for (var i = 1; i < Entries; i++)
            yield return (Devmaps.KeyText(i), target);
    }
}
