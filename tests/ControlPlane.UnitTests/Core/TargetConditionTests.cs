using ControlPlane.Core.Model;
using ControlPlane.Core.Status;

namespace ControlPlane.UnitTests.Core;

/// <summary>The conditions of an interface as a target, and their remedies.</summary>
public sealed class TargetConditionTests
{
    private static readonly InterfaceInfo _veth = new(1, "veth")
    {
        Kind = "veth",
        Mtu = 1500,
        PeerMtu = 1500,
        PeerName = "eth0",
        LinkIfindex = 7,
        IsUp = true,
        HasCarrier = true,
        XdpFeatures = XdpFeatures.Basic | XdpFeatures.NdoXmit,
    };

    private static readonly InterfaceInfo _bridge = _veth with { Kind = "bridge", Name = "br", PeerMtu = null, XdpFeatures = XdpFeatures.None };

    private static readonly AttachmentRecord _attachment = new("d", "in", new AttachmentSpec(AttachMode.Native), 1, default, default);

    private static readonly IngressFacts _ingress = new(true, true, new InterfaceInfo(2, "in") { Mtu = 1500 }, _attachment);

    [Fact]
    public void SecondTag_PeerOfTheSameMtu_HasNoRoomForIt()
    {
        Assert.True(Mtu(_veth, secondTag: false).Holds);

        var told = Mtu(_veth, secondTag: true);

        Assert.Equal((false, "PeerMtuSmaller"), (told.Holds, told.Reason));
        Assert.Equal(["ip link set dev eth0 mtu 1504"], told.Remedy!.Commands);
        Assert.True(Mtu(_veth with { PeerMtu = 1504 }, secondTag: true).Holds);
    }

    [Fact]
    public void Mtu_OfATapBehindTcx_IsNoLimit()
    {
        var tap = _veth with { Kind = "tun", Mac = new MacAddress(0x02000000000b), Mtu = 1400, PeerMtu = null, LinkIfindex = null };
        var tcx = new IngressFacts(true, false, new InterfaceInfo(2, "in") { Mtu = 1500 }, TcxAttachment: _attachment, OnlyTcx: true);

        Assert.Equal("IngressMtuLarger", Mtu(tap, secondTag: false).Reason);
        Assert.True(TargetConditions.Of(tap, null, tcx, null).Single(c => c.Type == ConditionTypes.MtuSufficient).Holds);
    }

    [Fact]
    public void Mtu_AboveTheKernelsLimit_TheRemedyLowersTheIngress()
    {
        var small = _veth with { Mtu = 1400, MaxMtu = 1450 };
        Assert.Equal(["ip link set dev in mtu 1400"], Mtu(small, secondTag: false).Remedy!.Commands);
        Assert.Equal(["ip link set dev veth mtu 1500"], Mtu(small with { MaxMtu = 1500 }, secondTag: false).Remedy!.Commands);
        // A second tag needs 4 bytes more than the ingress has.
        Assert.Equal(["ip link set dev in mtu 1496"], Mtu(_veth with { PeerMaxMtu = 1503 }, secondTag: true).Remedy!.Commands);
    }

    [Fact]
    public void SecondTag_NoVeth_ItsOwnMtuTells()
    {
        var told = Mtu(_bridge, secondTag: true);

        Assert.Equal((false, "NoRoomForTag", "ip link set dev br mtu 1504"), (told.Holds, told.Reason, told.Remedy!.Commands[0]));
        Assert.True(Mtu(_bridge with { Mtu = 1504 }, secondTag: true).Holds);
    }

    [Fact]
    public void NoNativeXdp_RemedyNamesTheAttachment()
    {
        var told = Of(_bridge, ConditionTypes.TargetAcceptsRedirect, secondTag: false);

        Assert.Equal((false, "NoNdoXmit", _attachment.ToWrite().With("mode", "generic")), (told.Holds, told.Reason, told.Remedy!.Call));
    }

    private static Condition Mtu(InterfaceInfo target, bool secondTag) => Of(target, ConditionTypes.MtuSufficient, secondTag);

    private static Condition Of(InterfaceInfo target, ConditionType type, bool secondTag) =>
        TargetConditions.Of(target, peer: null, _ingress, pass: null, secondTag ? new(0, 1, ProgramAdds: true) : default).Single(c => c.Type == type);
}
