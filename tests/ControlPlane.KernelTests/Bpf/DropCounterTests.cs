using ControlPlane.Core.Model;
using ControlPlane.Kernel.Drops;
using ControlPlane.Kernel.Hosting;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using ControlPlane.KernelTests.Support;

namespace ControlPlane.KernelTests.Bpf;

/// <summary>The pins of the drop counters: adopted, replaced, refused, removed.</summary>
public sealed class DropCounterTests : IDisposable
{
    private readonly KernelTestbed _testbed = new();

    private DropPins Pins => DropPins.Of(_testbed.PinRoot);

    private KernelFeature Feature => _testbed.Kernel.Host.Features.Single(f => f.Name == KernelFeatureNames.DropCounters);

    public void Dispose() => _testbed.Dispose();

    [Fact]
    public void Start_SameBuild_AdoptsAndForgetsDevmapsThatAreGone()
    {
        _testbed.Open(new DevmapRecord("staying", new DevmapSpec(4))).Dispose();
        using (var going = _testbed.Open(new DevmapRecord("going", new DevmapSpec(4))))
            Assert.Equal(2, CountedDevmaps());
        Directory.Delete(_testbed.DevmapFolder("going"), recursive: true);
        var links = LinkIds();

        _testbed.Restart();

        Assert.True(Feature.Available);
        Assert.Equal(links, LinkIds());
        Assert.Equal(1, CountedDevmaps());
    }

    [Fact]
    public void Start_AnotherBuild_PutsItsOwnInItsPlace()
    {
        DropPrograms.Create(Pins, DropPrograms.Config() with { build = 1 });
        var links = LinkIds();

        _testbed.Restart();

        Assert.True(Feature.Available);
        Assert.Empty(links.Intersect(LinkIds()));
        Assert.True(DropPrograms.ArePinned(Pins, DropPrograms.Config()));
        Assert.Equal(["devmaps", "drops", "programs"], Directory.GetDirectories(_testbed.PinRoot).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Start_PinMissing_MakesThemAnew()
    {
        File.Delete(Pins.TransmitDrops);

        _testbed.Restart();

        Assert.True(Feature.Available);
        Assert.True(File.Exists(Pins.TransmitDrops));
    }

    [Fact]
    public void Start_ForeignPinsInTheirPlace_WorksOnAndSaysWhy()
    {
        Directory.Delete(Pins.Folder, recursive: true);
        Directory.CreateDirectory(Pins.Folder);
        using (var map = BpfMap.Create(BpfConstants.BPF_MAP_TYPE_HASH, "foreign", 8, 16))
            Pin.Make(map, Pins.Config);

        _testbed.Restart();

        Assert.False(Feature.Available);
        Assert.Contains(Pins.Config, Feature.Detail, StringComparison.Ordinal);
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(4)));
        Assert.Equal(default, _testbed.Kernel.Drops.ReadRedirectTotals("default"));
        Assert.Empty(_testbed.Kernel.Drops.ReadRedirectErrors("default"));
        Assert.Empty(_testbed.Kernel.Drops.ReadTransmitDrops());
        Assert.Empty(_testbed.Kernel.Drops.ReadExceptions());
        Assert.True(File.Exists(Pins.Config));
    }

    [Fact]
    public void Teardown_RemovesThemAndWhatACrashLeft()
    {
        Directory.CreateDirectory(Pins.Folder + "%new");

        var teardown = Teardown.Run(_testbed.PinRoot);

        Assert.Contains("removed the drop counters", teardown.Removed);
        Assert.Empty(teardown.Kept);
        Assert.False(Directory.Exists(_testbed.PinRoot));
        Directory.CreateDirectory(_testbed.PinRoot);
    }

    private List<uint> LinkIds() => [.. DropPrograms.AllPins(Pins).Except(Pins.Objects).Select(path =>
    {
        using var link = Pin.OpenLink(path);
        var info = BpfInfo.OfLink(link);
        Assert.Equal(BpfConstants.BPF_LINK_TYPE_RAW_TRACEPOINT, info.type);
        return info.id;
    })];

    private int CountedDevmaps()
    {
        using var devmaps = Pin.OpenMap(Pins.Devmaps, BpfConstants.BPF_F_RDONLY);
        return BpfMap.ReadPerCpu<uint, devmapd_redirect_errors, uint>(devmaps, "counted devmaps", (id, _) => id).Count;
    }
}
