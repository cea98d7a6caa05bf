using ControlPlane.Core.Model;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;
using static ControlPlane.TestCommon.Lab.Frames;

namespace ControlPlane.KernelTests.Support;

/// <summary>Frames by what a selector makes of them, and what templates make of frames.</summary>
internal static class TestFrames
{
    public const ushort Vlan = 100;
    public const ushort PushedVlan = 300;
    private const string Address = "10.0.0.7";
    private const string OtherAddress = "10.0.1.7";
    private const ushort UnknownProtocol = 0x88b5;
    private const int Mtu = 1500;
    private const int TagBytes = 4;
    private const int FullPayload = Mtu - 28; // with the headers of IPv4 and UDP
    private static readonly MacAddress NewSource = new(0x02_00_00_00_aa_01);
    private static readonly MacAddress NewDestination = new(0x02_00_00_00_aa_02);

    public static EgressProgramConfig Spec(EgressTemplate template) => TestPrograms.Of(template, NewSource, NewDestination, PushedVlan);

    /// <summary>The kernel key of <see cref="WithKey"/>'s frames when they arrive on this interface.</summary>
    public static uint Key(KeySelector selector, uint ingress) => selector switch
    {
        _ when selector == KeySelector.IngressInterface => ingress,
        _ when selector == KeySelector.Vlan => Vlan,
        _ when selector == KeySelector.Ipv4Destination => 0x0a_00_00_07,
        _ => throw new NotSupportedException($"no frames for {selector}"),
    };

    /// <summary>Frames that have that key.</summary>
    public static IReadOnlyList<byte[]> WithKey(KeySelector selector, ulong run) => Number(run, selector switch
    {
        _ when selector == KeySelector.IngressInterface =>
        [
            mark => Udp(mark),
            mark => Udp(mark, payload: FullPayload),
            mark => Udp(mark, tags: new VlanTag(Vlan)),
            mark => Udp(mark, tags: [VlanTag.Service(7), new VlanTag(Vlan)]),
            mark => Arp(mark),
            mark => Raw(mark, UnknownProtocol),
        ],
        _ when selector == KeySelector.Vlan =>
        [
            mark => Udp(mark, tags: new VlanTag(Vlan)),
            mark => Udp(mark, payload: FullPayload, tags: new VlanTag(Vlan)),
            mark => Udp(mark, tags: new VlanTag(Vlan, Priority: 5)),
            mark => Udp(mark, tags: VlanTag.Service(Vlan)),
            mark => Udp(mark, tags: [VlanTag.Service(Vlan), new VlanTag(7)]),
            mark => Arp(mark, tags: new VlanTag(Vlan)),
        ],
        _ =>
        [
            mark => Udp(mark, Address),
            mark => Udp(mark, Address, FullPayload),
            mark => Udp(mark, Address, tags: new VlanTag(Vlan)),
            mark => Udp(mark, Address, tags: VlanTag.Service(7)),
            mark => Udp(mark, Address, tags: [VlanTag.Service(7), new VlanTag(Vlan)]),
        ],
    });

    /// <summary>Frames that have another key.</summary>
    public static IReadOnlyList<byte[]> WithAnotherKey(KeySelector selector, ulong run) => Number(run, selector switch
    {
        _ when selector == KeySelector.IngressInterface => [mark => Udp(mark), mark => Arp(mark)],
        _ when selector == KeySelector.Vlan =>
        [
            mark => Udp(mark),
            mark => Udp(mark, tags: new VlanTag(0, Priority: 3)),
            mark => Udp(mark, tags: new VlanTag(200)),
            mark => Udp(mark, tags: [VlanTag.Service(200), new VlanTag(Vlan)]),
        ],
        _ => [mark => Udp(mark, OtherAddress), mark => Udp(mark, OtherAddress, tags: new VlanTag(Vlan))],
    });

    /// <summary>Frames that have no key.</summary>
    public static IReadOnlyList<byte[]> WithoutKey(KeySelector selector, ulong run) => Number(run, selector switch
    {
        _ when selector == KeySelector.Ipv4Destination =>
        [
            mark => Arp(mark),
            mark => Raw(mark, UnknownProtocol),
            mark => Raw(mark, 0x86dd), // IPv6
            mark => Udp(mark, Address, tags: [new VlanTag(1), new VlanTag(2), new VlanTag(3)]), // behind too many tags
        ],
        _ => [],
    });

    /// <summary>The frame that leaves; null if none does.</summary>
    public static byte[]? After(EgressTemplate? template, byte[] frame)
    {
        var changed = template switch
        {
            _ when template == EgressTemplate.Drop => null,
            _ when template == EgressTemplate.RewriteMac => WithMacs(frame, NewSource, NewDestination),
            _ when template == EgressTemplate.PushVlan => WithTag(frame, new VlanTag(PushedVlan)),
            _ when template == EgressTemplate.PopVlan && IsTagged(frame) => WithoutTag(frame),
            _ => frame,
        };
        // A veth takes no frame that is longer, also when it was the egress program that made it so.
        return changed?.Length > EthernetBytes + Mtu + TagBytes ? null : changed;
    }

    /// <summary>Bytes of frames, as the programs count them: from the Ethernet header on.</summary>
    public static ulong Bytes(this IEnumerable<byte[]> frames) => (ulong)frames.Sum(frame => frame.Length);

    private static bool IsTagged(byte[] frame) => (frame[12], frame[13]) is (0x81, 0x00) or (0x88, 0xa8);

    // Several rounds, so that bursts and queues are at work as well.
    private static List<byte[]> Number(ulong run, Func<FrameMark, byte[]>[] kinds)
    {
        const int Rounds = 5;
        return [.. Enumerable.Range(0, Rounds * kinds.Length).Select(i => kinds[i % kinds.Length](new FrameMark(run, (ulong)i)))];
    }
}
