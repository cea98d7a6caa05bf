using ControlPlane.Core.Attachments;
using ControlPlane.Core.Devmaps;
using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Hosting;
using ControlPlane.Kernel.Layout;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Pins;
using ControlPlane.Kernel.Targets;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Bpf;

/// <summary>The pins of the pass program.</summary>
public sealed class PassProgramTests : IDisposable
{
    private readonly KernelBed _bed = new();
    private readonly VethPair _veth = VethPair.Create(NetworkNamespace.Initial);

    private TargetPins Pins => TargetPins.Of(_bed.PinRoot);

    public void Dispose()
    {
        _veth.Dispose();
        _bed.Dispose();
    }

    [Fact]
    public void NothingAttached_NothingIsPinned()
    {
        Assert.Empty(_bed.Kernel.Targets.Adopt(KernelBed.Scope));
        Assert.False(Directory.Exists(Pins.Folder));
    }

    [Fact]
    public void Teardown_DetachesAndRemovesIt()
    {
        _bed.Kernel.Targets.Attach(KernelBed.Scope, _bed.Interface(_veth.Name));

        var teardown = Teardown.Run(_bed.PinRoot);

        Assert.Contains($"detached the pass program from interface {_veth.Name}", teardown.Removed);
        Assert.Contains("removed the pass program", teardown.Removed);
        Assert.Empty(teardown.Kept);
        Assert.Null(_bed.Interface(_veth.Name).XdpProgramId);
        Assert.False(Directory.Exists(_bed.PinRoot));
        Directory.CreateDirectory(_bed.PinRoot);
    }

    [Fact]
    public void ForeignPinsInItsPlace_AreRefusedAndLeft()
    {
        PinFolder.Create(Pins.Folder);
        using (var map = BpfMap.Create(BpfConstants.BPF_MAP_TYPE_HASH, "foreign", 8, 16))
            Pin.Make(map, Pins.Config);

        Assert.Throws<ControlPlaneException>(() => _bed.Kernel.Targets.Adopt(KernelBed.Scope));

        Assert.Contains(Teardown.Run(_bed.PinRoot).Kept, kept => kept.Contains(Pins.Config, StringComparison.Ordinal));
        Assert.True(File.Exists(Pins.Config));
    }

    [Fact]
    public void LinkThatIsNotOurs_IsRefused()
    {
        _bed.Kernel.Targets.Attach(KernelBed.Scope, _bed.Interface(_veth.Name));
        using (var devmap = _bed.Open(new DevmapDefinition("default", 4)))
            devmap.Attach(KernelBed.Scope, _bed.Interface(_veth.PeerName), AttachMode.Native);
        using (var link = Pin.OpenLink(Path.Combine(_bed.DevmapFolder("default"), "links", _veth.PeerName)))
            Pin.Make(link, Path.Combine(Pins.Links, _veth.PeerName));
        _bed.Restart();

        Assert.Contains(
            "not to the program", Assert.Throws<ControlPlaneException>(() => _bed.Kernel.Targets.Adopt(KernelBed.Scope)).Error.Detail, StringComparison.Ordinal);
    }
}
