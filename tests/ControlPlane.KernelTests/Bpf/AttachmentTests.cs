using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Kernel.Objects;
using ControlPlane.KernelTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Bpf;

/// <summary>Links of the redirect program.</summary>
public sealed class AttachmentTests : IDisposable
{
    private readonly KernelTestbed _testbed = new();
    private readonly VethPair _veth = VethPair.Create(NetworkNamespace.Initial);

    public void Dispose()
    {
        _veth.Dispose();
        _testbed.Dispose();
    }

    [Theory]
    [InlineData(AttachMode.Native)]
    [InlineData(AttachMode.Generic)]
    public void Attach_RunsInTheModeAskedForAndSurvivesARestart(AttachMode mode)
    {
        using (var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16))))
        {
            devmap.Attach(KernelTestbed.Scope, _testbed.Interface(_veth.Name), mode);
            Assert.Equal(mode, _testbed.Interface(_veth.Name).XdpMode);
        }

        _testbed.Restart();
        Assert.Equal(mode, _testbed.Interface(_veth.Name).XdpMode);
        using var adopted = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16)));
        Assert.Equal(mode, Assert.Single(adopted.Links).Mode);
    }

    [Fact]
    public void Attach_AliveAlready_IsRefusedAndChangesNothing()
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16)));
        var first = devmap.Attach(KernelTestbed.Scope, _testbed.Interface(_veth.Name), AttachMode.Native);
        var e = Assert.Throws<KernelException>(() => devmap.Attach(KernelTestbed.Scope, _testbed.Interface(_veth.Name), AttachMode.Generic));
        Assert.Equal(Errno.EBUSY, e.Errno);
        Assert.Equal([first], devmap.Links);
        Assert.Equal(AttachMode.Native, _testbed.Interface(_veth.Name).XdpMode);
    }

    [Fact]
    public void Attach_InterfaceHeldByAnotherDevmap_IsRefusedAndTheOldOneStays()
    {
        using var one = _testbed.Open(new DevmapRecord("one", new DevmapSpec(16)));
        using var two = _testbed.Open(new DevmapRecord("two", new DevmapSpec(16)));
        one.Attach(KernelTestbed.Scope, _testbed.Interface(_veth.Name), AttachMode.Native);
        var e = Assert.Throws<KernelException>(() => two.Attach(KernelTestbed.Scope, _testbed.Interface(_veth.Name), AttachMode.Native));
        Assert.Contains(e.Errno, new[] { Errno.EBUSY, Errno.EEXIST });
        Assert.Empty(two.Links);
        Assert.Empty(Directory.GetFiles(Path.Combine(_testbed.DevmapFolder("two"), "links")));
        Assert.NotEqual(0u, Assert.Single(one.Links).Ifindex);
    }

    [Fact]
    public void Attach_NativeWhereTheDriverCannot_IsEopnotsupp()
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16)));
        var e = Assert.Throws<KernelException>(() => devmap.Attach(KernelTestbed.Scope, new InterfaceInfo(1, "lo"), AttachMode.Native));
        Assert.Equal(Errno.EOPNOTSUPP, e.Errno);
    }

    [Fact]
    public void Attach_NativeWithAPeersMtuTooLarge_IsErangeAndLeavesNothing()
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16)));
        using var large = VethPair.Create(NetworkNamespace.Initial, new VethOptions { Mtu = 9000 });
        var e = Assert.Throws<KernelException>(() => devmap.Attach(KernelTestbed.Scope, _testbed.Interface(large.Name), AttachMode.Native));
        Assert.Equal(Errno.ERANGE, e.Errno);
        Assert.Empty(devmap.Links);
        devmap.Attach(KernelTestbed.Scope, _testbed.Interface(large.Name), AttachMode.Generic);
    }

    [Fact]
    public void Attach_NoSuchInterface_IsEinval()
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16)));
        var e = Assert.Throws<KernelException>(() => devmap.Attach(KernelTestbed.Scope, new InterfaceInfo(0x7ffffff0, "nosuch"), AttachMode.Generic));
        Assert.Equal(Errno.EINVAL, e.Errno);
        Assert.Empty(devmap.Links);
    }

    [Fact]
    public void Detach_IsDoneWhenItReturns()
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16)));
        for (var i = 0; i < 10; i++)
        {
            devmap.Attach(KernelTestbed.Scope, _testbed.Interface(_veth.Name), AttachMode.Native);
            Assert.True(devmap.Detach(KernelTestbed.Scope, _veth.Name));
            Assert.Null(_testbed.Interface(_veth.Name).XdpMode);
        }

        Assert.False(devmap.Detach(KernelTestbed.Scope, _veth.Name));
        Assert.Empty(Directory.GetFiles(Path.Combine(_testbed.DevmapFolder("default"), "links")));
    }

    [Fact]
    public void Interface_Gone_LeavesADeadLinkThatAttachReplaces()
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16)));
        devmap.Attach(KernelTestbed.Scope, _testbed.Interface(_veth.Name), AttachMode.Native);
        _veth.Delete();
        Assert.Equal(0u, Assert.Single(devmap.Links).Ifindex);

        _testbed.Restart();
        using var adopted = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16)));
        Assert.Equal(0u, Assert.Single(adopted.Links).Ifindex);
        using var again = VethPair.Create(NetworkNamespace.Initial, new VethOptions { Name = _veth.Name });
        var link = adopted.Attach(KernelTestbed.Scope, _testbed.Interface(again.Name), AttachMode.Native);
        Assert.Equal(again.Ifindex, link.Ifindex);
        Assert.Equal([link], adopted.Links);
    }

    [Theory]
    [InlineData("kt.10")]
    [InlineData("kt.10.20")]
    [InlineData("kt-12345.678901")]
    [InlineData("kt-fifteenbytes")]
    public void Names_WithDotsAndFifteenBytes_ComeBack(string name)
    {
        using var veth = VethPair.Create(NetworkNamespace.Initial, new VethOptions { Name = name });
        using (var devmap = _testbed.Open(new DevmapRecord("a23456789012345", new DevmapSpec(16))))
            devmap.Attach(KernelTestbed.Scope, _testbed.Interface(veth.Name), AttachMode.Generic);
        _testbed.Restart();
        using var adopted = _testbed.Open(new DevmapRecord("a23456789012345", new DevmapSpec(16)));
        Assert.Equal(name, Assert.Single(adopted.Links).Interface);
        Assert.True(adopted.Detach(KernelTestbed.Scope, name));
    }

    [Theory]
    [InlineData("veth1", "veth1")]
    [InlineData("eth0.100", "eth0%2E100")]
    [InlineData("a%2E", "a%252E")]
    [InlineData("%new", "%25new")]
    public void PinName_IsReversibleAndHasNoDot(string name, string encoded)
    {
        Assert.Equal(encoded, PinName.Encode(name));
        Assert.Equal(name, PinName.Decode(encoded));
    }
}
