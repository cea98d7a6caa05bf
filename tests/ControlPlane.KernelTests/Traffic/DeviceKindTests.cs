using System.Globalization;
using ControlPlane.Core.Model;
using ControlPlane.KernelTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Traffic;

/// <summary>
/// Kinds of devices that kernels of distributions have: the facts by kind are what happens to real frames. For `make kernels`, whose kernels
/// have all of them.
/// </summary>
[Trait("Group", "kinds")]
public sealed class DeviceKindTests : IDisposable
{
    private const string Name = "kind0";
    private const int Frames = 5;
    private static readonly TimeSpan Settled = Patience.OfSeconds(0.1);

    private readonly FrameTestbed _testbed = new();
    private readonly ulong _run = FrameMark.NewRun();

    // Commands of ip that make each device above the interface {0}. A frame that leaves by the device leaves by that interface.
    private static readonly Dictionary<string, string[]> _commands = new()
    {
        ["bond"] = ["link add kind0 type bond mode active-backup", "link set {0} down", "link set {0} master kind0", "link set {0} up"],
        ["bridge"] = ["link add kind0 type bridge", "link set {0} master kind0"],
        ["macvlan"] = ["link add link {0} name kind0 type macvlan mode bridge"],
        ["macvtap"] = ["link add link {0} name kind0 type macvtap mode bridge"],
        ["vlan"] = ["link add link {0} name kind0 type vlan id 5"],
        ["dummy"] = ["link add kind0 type dummy"],
        ["ifb"] = ["link add kind0 type ifb"],
        ["nlmon"] = ["link add kind0 type nlmon"],
        ["vrf"] = ["link add kind0 type vrf table 77", "link set {0} master kind0"],
        ["wireguard"] = ["link add kind0 type wireguard"],
    };

    public static TheoryData<string> Kinds { get; } = [.. _commands.Keys.Except(["nlmon", "wireguard"])];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Generic_FramesLeaveByKindsThatSend_AndByNoOthers(string kind)
    {
        var target = Make(kind, _testbed.Other);
        var sends = LinkKinds.Sends(target);
        Assert.Equal(sends, LinkKinds.SinkBehaviour(target) is null);

        Assert.Equal((Frames, sends ? Frames : 0), await RedirectAsync(_testbed.Ingress.Ifindex, _testbed.Ingress.Pair.Name, AttachMode.Generic, target, _testbed.Other));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Native_FramesLeaveByKindsThatTakeRedirectedFrames_AndByNoOthers(string kind)
    {
        var target = Make(kind, _testbed.Other);
        // Below Linux 6.3 nobody tells of a bond whether its members take them.
        var accepts = target.XdpFeatures?.HasFlag(XdpFeatures.NdoXmit) ?? kind == "bond";
        Assert.Equal(kind == "bond", !LinkKinds.HasNoXdp(target));

        Assert.Equal((Frames, accepts ? Frames : 0), await RedirectAsync(_testbed.Ingress.Ifindex, _testbed.Ingress.Pair.Name, AttachMode.Native, target, _testbed.Other));
    }

    [Theory]
    [InlineData("bond")]
    [InlineData("vlan")]
    public async Task Generic_FramesThatComeInByTheKind_AreRedirected(string kind)
    {
        var ingress = Make(kind, _testbed.Ingress);
        Assert.True(LinkKinds.FiltersAddresses(ingress));
        Ip($"link set {Name} promisc on");
        var target = _testbed.Kernel.Interfaces.Query(_testbed.Target.Pair.Name)!;

        Assert.Equal((Frames, Frames), await RedirectAsync(ingress.Ifindex, Name, AttachMode.Generic, target, _testbed.Target, kind == "vlan" ? [new VlanTag(5)] : []));
    }

    [Theory]
    [InlineData("nlmon")]
    [InlineData("wireguard")]
    public void DeviceWithoutEthernetHeaders_IsToldSo(string kind) => Assert.False(Make(kind, _testbed.Other).CarriesEthernet);

    public void Dispose() => _testbed.Dispose();

    private InterfaceInfo Make(string kind, TestInterface lower)
    {
        foreach (var command in _commands[kind])
            Ip(string.Format(CultureInfo.InvariantCulture, command, lower.Pair.Name));
        Ip($"link set {Name} up");
        var made = _testbed.Kernel.Interfaces.Query(Name)!;
        Assert.Equal(kind, made.Kind);
        return made;
    }

    // Returns how many frames were redirected, and how many arrived.
    private async Task<(int Redirected, int Arrived)> RedirectAsync(uint ingress, string name, AttachMode mode, InterfaceInfo target, TestInterface wire, params VlanTag[] tags)
    {
        using var devmap = _testbed.Open(new DevmapRecord("kinds", new DevmapSpec(64)));
        devmap.Update(ingress, target.Ifindex);
        _testbed.Space.Run(() => devmap.Kernel.Attach(KernelTestbed.Scope, _testbed.Kernel.Interfaces.Query(name)!, mode));

        for (var i = 0; i < Frames; i++)
            _testbed.Ingress.Far.Send(TestCommon.Lab.Frames.Udp(new FrameMark(_run, (ulong)i), tags: tags));

        await Eventually.Async(() => devmap.Kernel.ReadCounters(ingress).Packets >= Frames);
        return ((int)devmap.Kernel.ReadCounters(ingress).Packets, wire.Far.ReceiveUntilQuiet(_run, Settled).Count);
    }

    private void Ip(string arguments) => _testbed.Space.Shell("ip", arguments.Split(' '));
}
