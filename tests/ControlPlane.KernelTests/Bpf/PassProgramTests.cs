using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Kernel.Hosting;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using ControlPlane.KernelTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Bpf;

/// <summary>The pins of the pass program.</summary>
public sealed class PassProgramTests : IDisposable
{
    private readonly KernelTestbed _testbed = new();
    private readonly VethPair _veth = VethPair.Create(NetworkNamespace.Initial);

    private PassProgramPins Pins => PassProgramPins.Of(_testbed.PinRoot);

    public void Dispose()
    {
        _veth.Dispose();
        _testbed.Dispose();
    }

    [Fact]
    public void NothingAttached_NothingIsPinned()
    {
        Assert.Empty(_testbed.Kernel.PassPrograms.Adopt(KernelTestbed.Scope));
        Assert.False(Directory.Exists(Pins.Folder));
    }

    [Fact]
    public void Teardown_DetachesAndRemovesIt()
    {
        _testbed.Kernel.PassPrograms.Attach(KernelTestbed.Scope, _testbed.Interface(_veth.Name));

        var teardown = Teardown.Run(_testbed.PinRoot);

        Assert.Contains($"detached the pass program from interface {_veth.Name}", teardown.Removed);
        Assert.Contains("removed the pass program", teardown.Removed);
        Assert.Empty(teardown.Kept);
        Assert.Null(_testbed.Interface(_veth.Name).XdpProgramId);
        Assert.False(Directory.Exists(_testbed.PinRoot));
        Directory.CreateDirectory(_testbed.PinRoot);
    }

    [Fact]
    public void ForeignPinsInItsPlace_AreRefusedAndLeft()
    {
        PinFolder.Create(Pins.Folder);
        using (var map = BpfMap.Create(BpfConstants.BPF_MAP_TYPE_HASH, "foreign", 8, 16))
            Pin.Make(map, Pins.Config);

        Assert.Throws<ControlPlaneException>(() => _testbed.Kernel.PassPrograms.Adopt(KernelTestbed.Scope));

        Assert.Contains(Teardown.Run(_testbed.PinRoot).Kept, kept => kept.Contains(Pins.Config, StringComparison.Ordinal));
        Assert.True(File.Exists(Pins.Config));
    }

    [Fact]
    public void LinkThatIsNotOurs_IsRefused()
    {
        _testbed.Kernel.PassPrograms.Attach(KernelTestbed.Scope, _testbed.Interface(_veth.Name));
        using (var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(4))))
            devmap.Attach(KernelTestbed.Scope, _testbed.Interface(_veth.PeerName), AttachMode.Native);
        using (var link = Pin.OpenLink(Path.Combine(_testbed.DevmapFolder("default"), "links", _veth.PeerName)))
            Pin.Make(link, Path.Combine(Pins.Links, _veth.PeerName));
        _testbed.Restart();

        Assert.Contains(
            "not to the program", Assert.Throws<ControlPlaneException>(() => _testbed.Kernel.PassPrograms.Adopt(KernelTestbed.Scope)).Error.Detail, StringComparison.Ordinal);
    }
}
