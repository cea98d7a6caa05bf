using ControlPlane.Core.Model;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using ControlPlane.KernelTests.Support;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Bpf;

/// <summary>The redirect program without interfaces, frame by frame.</summary>
public sealed class RedirectProgramTests : IDisposable
{
    private readonly KernelTestbed _testbed = new();
    private readonly VethPair _veth = VethPair.Create(NetworkNamespace.Initial);

    public static TheoryData<KeySelector, string, uint?> Keys { get; } = new()
    {
        { KeySelector.IngressInterface, "ipv4", 1 }, // a test run arrives on loopback
        { KeySelector.Vlan, "ipv4", 0 },
        { KeySelector.Vlan, "vlan", 100 },
        { KeySelector.Vlan, "vlan-priority", 100 },
        { KeySelector.Vlan, "ad", 200 },
        { KeySelector.Vlan, "qinq", 200 },
        { KeySelector.Vlan, "cut-tag", null },
        { KeySelector.Ipv4Destination, "ipv4", 0x0a000007 },
        { KeySelector.Ipv4Destination, "vlan", 0x0a000007 },
        { KeySelector.Ipv4Destination, "qinq", 0x0a000007 },
        { KeySelector.Ipv4Destination, "three-tags", null },
        { KeySelector.Ipv4Destination, "arp", null },
        { KeySelector.Ipv4Destination, "cut-ip", null },
        { KeySelector.Ipv4Destination, "ipv6", null },
    };

    public static TheoryData<string> Programs { get; } = KernelNeeds.Has(KernelFeatureNames.Tcx) ? ["redirect", "complete", "tcx"] : ["redirect", "complete"];

    public void Dispose()
    {
        _veth.Dispose();
        _testbed.Dispose();
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Selector_FindsTheKey(KeySelector selector, string frameName, uint? key)
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16, KeySelector: selector, MissAction: MissAction.Drop)));
        var frame = Frame(frameName);
        Assert.Equal(BpfConstants.XDP_DROP, Run(frame));
        var length = (ulong)frame.Length;
        Assert.Equal(key is null ? new DevmapCounters(0, 0, 0, 0, 1, length) : new DevmapCounters(0, 0, 1, length, 0, 0), devmap.ReadTotals());
        if (key is not { } k)
            return;

        devmap.Update(KernelTestbed.Scope, k, _veth.Ifindex, null);
        Assert.Equal(BpfConstants.XDP_REDIRECT, Run(frame));
        Assert.Equal(BpfConstants.XDP_REDIRECT, Run(frame));
        Assert.Equal(new DevmapCounters(2, 2 * length, 1, length, 0, 0), devmap.ReadTotals());
        Assert.Equal(new EntryCounters(2, 2 * length), devmap.ReadCounters(k));
    }

    [Theory]
    [InlineData(MissAction.Abort, BpfConstants.XDP_ABORTED)]
    [InlineData(MissAction.Drop, BpfConstants.XDP_DROP)]
    [InlineData(MissAction.Pass, BpfConstants.XDP_PASS)]
    public void MissAction_IsWhatMissedAndUnkeyedFramesTake(MissAction miss, uint action)
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16, KeySelector: KeySelector.Ipv4Destination, MissAction: miss)));
        Assert.Equal(action, Run(Frame("ipv4")));
        Assert.Equal(action, Run(Frame("arp")));
    }

    /// <summary>The kernel puts instructions in the place of a lookup whose map it knows. Where it cannot, the call is indirect, and slow.</summary>
    [Theory]
    [MemberData(nameof(Programs))]
    public void Lookups_AreNoIndirectCalls(string name)
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16)));
        using var program = Open(name);
        var calls = KernelCode.HelpersOf(program);
        Assert.Contains(KernelCode.OffsetOf("dev_map_hash_lookup_elem"), calls);
        Assert.DoesNotContain(KernelCode.OffsetOf("bpf_map_lookup_elem"), calls);
    }

    /// <summary>`make kernels` loads the programs on other kernels. This finds the most frequent reason for a refusal without them.</summary>
    [Theory]
    [MemberData(nameof(Programs))]
    public void Loops_AreThoseThatOlderKernelsTake(string name)
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16)));
        using var program = Open(name);
        Assert.Empty(KernelCode.WaysBackWithoutJump(program));
    }

    [Fact]
    public void CountersOff_CountsNothingAndRedirects()
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16, Counters: false)));
        devmap.Update(KernelTestbed.Scope, 1, _veth.Ifindex, null);
        Assert.Equal(BpfConstants.XDP_REDIRECT, Run(Frame("ipv4")));
        Assert.Null(devmap.ReadTotals());
        Assert.Equal(default, devmap.ReadCounters(1));
    }

    [Fact]
    public void FourByteValues_AreRedirected()
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16, ValueSize: 4)));
        devmap.Update(KernelTestbed.Scope, 1, _veth.Ifindex, null);
        Assert.Equal(BpfConstants.XDP_REDIRECT, Run(Frame("ipv4")));
    }

    [Fact]
    public void EntryCounters_BeginAtZeroWithEveryNewElementAndSurviveAChange()
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16)));
        devmap.Update(KernelTestbed.Scope, 1, _veth.Ifindex, null);
        Run(Frame("ipv4"));
        devmap.Update(KernelTestbed.Scope, 1, _veth.PeerIfindex, null);
        Assert.Equal(1ul, devmap.ReadCounters(1).Packets);

        devmap.Delete(KernelTestbed.Scope, 1);
        Assert.Equal(default, devmap.ReadCounters(1));

        devmap.Update(KernelTestbed.Scope, 1, _veth.Ifindex, null);
        Run(Frame("ipv4"));
        _veth.Delete(); // the kernel takes the element and leaves the counter
        Assert.Equal(1ul, devmap.ReadCounters(1).Packets);
        using var other = VethPair.Create(NetworkNamespace.Initial);
        devmap.Update(KernelTestbed.Scope, 1, other.Ifindex, null);
        Assert.Equal(default, devmap.ReadCounters(1));
    }

    [Fact]
    public void Adoption_RemovesCountersOfElementsThatAreGone()
    {
        using (var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16))))
        {
            devmap.Update(KernelTestbed.Scope, 1, _veth.Ifindex, null);
            Run(Frame("ipv4"));
        }

        _veth.Delete();
        _testbed.Restart();
        using var adopted = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16)));
        Assert.Equal(default, adopted.ReadCounters(1));
    }

    [Fact]
    public void RedirectMap_WithoutEntryInA65536EntryMap_CountsEveryMiss()
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(65536, MissAction: MissAction.Pass)));
        for (var i = 0; i < 100; i++)
            Assert.Equal(BpfConstants.XDP_PASS, Run(Frame("ipv4")));
        Assert.Equal(100ul, devmap.ReadTotals()!.Value.MissedPackets);
    }

    private static byte[] Frame(string name) => name switch
    {
        "ipv4" => Udp(),
        "vlan" => Udp(new VlanTag(100)),
        "vlan-priority" => Udp(new VlanTag(100, Priority: 7)),
        "ad" => Udp(VlanTag.Service(200)),
        "qinq" => Udp(VlanTag.Service(200), new VlanTag(100)),
        "three-tags" => Udp(VlanTag.Service(1), new VlanTag(2), new VlanTag(3)),
        "cut-tag" => Udp(new VlanTag(100))[..(Frames.EthernetBytes + 2)],
        "cut-ip" => Udp()[..(Frames.EthernetBytes + 19)],
        "arp" => Frames.Arp(default, "10.0.0.7"),
        "ipv6" => Frames.Raw(default, 0x86dd),
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    };

    private static byte[] Udp(params ReadOnlySpan<VlanTag> tags) => Frames.Udp(default, "10.0.0.7", tags: tags);

    private FileDescriptor Open(string program) => Pin.OpenProgram(Path.Combine(_testbed.DevmapFolder("default"), program));

    private uint Run(byte[] frame)
    {
        using var program = Open("redirect");
        return XdpRun.On(program, frame).Action;
    }
}
