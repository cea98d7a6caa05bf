using System.Globalization;
using ControlPlane.Bench.Harness;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using Microsoft.Extensions.DependencyInjection;

namespace ControlPlane.Bench.Benchmarks;

/// <summary>Single map operations through the kernel layer.</summary>
internal sealed class KernelOps : IBenchmark
{
    private const int Keys = 65_536;
    private const int Rounds = 7;

    public string Name => "kernel-ops";

    public string Title => $"one operation on a devmap_hash of {Keys} keys, through the kernel layer (IDevmap) on one thread";

    public async Task<IReadOnlyList<Table>> RunAsync()
    {
        using var pins = new PinRoot();
        using var services = Devmaps.OpenKernel(pins);
        var kernel = services.GetRequiredService<IKernel>();
        using var bare = Open(kernel, new DevmapRecord("bare", new DevmapSpec(Keys, Counters: false)));
        using var counting = Open(kernel, new DevmapRecord("counting", new DevmapSpec(Keys)));
        var (ifindex, keys) = (Veth.Ifindex(kernel), Keys.ToString(CultureInfo.InvariantCulture));
        return
        [
            await Table.MeasureAsync(
                TimeUnit.Nanoseconds,
                Rounds,
                references: 1,
                new("C", () => Commands.BaselineAsync("map_ops", Veth.IfindexText(kernel), keys)),
                new("no counters", () => Task.FromResult(Run(bare, ifindex))),
                new("counters", () => Task.FromResult(Run(counting, ifindex)))),
        ];
    }

    private static IDevmap Open(IKernel kernel, DevmapRecord definition) => kernel.OpenDevmap(new WriterScope(granted: true), definition);

    private static Metrics Run(IDevmap devmap, uint ifindex)
    {
        var metrics = new Metrics();
        metrics.Time("insert", Keys, () => UpdateAll(devmap, ifindex));
        metrics.Time("replace", Keys, () => UpdateAll(devmap, ifindex));
        metrics.Time("lookup", Keys, () => LookupAll(devmap));
        metrics.Time("walk", Keys, () => Walk(devmap));
        metrics.Time("delete", Keys, () => DeleteAll(devmap));
        return metrics;
    }

    private static void UpdateAll(IDevmap devmap, uint ifindex)
    {
        var scope = new WriterScope(granted: true);
        for (var key = 0u; key < Keys; key++)
            devmap.Update(scope, key, ifindex, null);
    }

    private static void LookupAll(IDevmap devmap)
    {
        for (var key = 0u; key < Keys; key++)
            Require(devmap.TryLookup(key, out _));
    }

    private static void Walk(IDevmap devmap)
    {
        var seen = 0;
        for (uint? after = null; seen <= Keys && devmap.TryGetNextKey(after, out var key); after = key, seen++)
            Require(devmap.TryLookup(key, out _));
        Require(seen == Keys);
    }

    private static void DeleteAll(IDevmap devmap)
    {
        var scope = new WriterScope(granted: true);
        for (var key = 0u; key < Keys; key++)
            Require(devmap.Delete(scope, key));
    }

    private static void Require(bool holds)
    {
        if (!holds)
            throw new InvalidOperationException("the map does not hold what was written");
    }
}
