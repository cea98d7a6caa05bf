using ControlPlane.Core.Model;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Bpf;

/// <summary>Frames on real interfaces: in by one veth, redirected, through the egress program, out by another.</summary>
public sealed class EgressFrameTests : IDisposable
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_quiet = TimeSpan.FromMilliseconds(100);
    private static readonly MacAddress s_source = new(0x020304050607);
    private static readonly MacAddress s_destination = new(0x0a0b0c0d0e0f);

    private readonly KernelTestbed _testbed = new();
    private readonly VethPair _ingress = VethPair.Create(NetworkNamespace.Initial);
    private readonly VethPair _target = VethPair.Create(NetworkNamespace.Initial, new VethOptions { AcceptsRedirect = true });

    public static IEnumerable<object?[]> Cases { get; } =
        from mode in Enum.GetValues<AttachMode>()
        from template in Enum.GetValues<EgressTemplate>().Cast<EgressTemplate?>().Prepend(null)
        select new object?[] { mode, template };

    public void Dispose()
    {
        _target.Dispose();
        _ingress.Dispose();
        _testbed.Dispose();
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Frames_LeaveByTheEntrysInterfaceAsTheTemplateMakesThem(AttachMode mode, EgressTemplate? template)
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16, MissAction: MissAction.Drop)));
        var program = template is null ? null : _testbed.Kernel.Programs.Load(KernelTestbed.Scope, "p", Spec(template.Value)).Name;
        devmap.Attach(KernelTestbed.Scope, _testbed.Interface(_ingress.Name), mode);
        devmap.Update(KernelTestbed.Scope, _ingress.Ifindex, _target.Ifindex, program);
        using var sender = FrameSocket.OpenPeer(_ingress);
        using var receiver = FrameSocket.OpenPeer(_target);
        using var stack = FrameSocket.Open(NetworkNamespace.Initial, _ingress.Name);

        var run = FrameMark.NewRun();
        byte[][] frames = [Frames.Udp(new FrameMark(run, 0)), Frames.Udp(new FrameMark(run, 1), payload: 1400), Frames.Udp(new FrameMark(run, 2), tags: new VlanTag(7))];
        foreach (var frame in frames)
            sender.Send(frame);

        var wanted = template == EgressTemplate.Drop ? [] : frames.Select(f => Expected(template, f)).ToArray();
        Assert.Equal(wanted, receiver.Receive(run, wanted.Length, s_deadline));
        Assert.Empty(receiver.ReceiveUntilQuiet(run, s_quiet));
        Assert.Empty(sender.ReceiveUntilQuiet(run, s_quiet));
        if (mode == AttachMode.Native)
            Assert.Empty(stack.ReceiveUntilQuiet(run, s_quiet));

        var bytes = (ulong)frames.Sum(f => f.Length);
        Assert.Equal(new EntryCounters(3, bytes), devmap.ReadCounters(_ingress.Ifindex));
        if (program is not null)
            Assert.Equal(new EntryCounters(3, bytes), _testbed.Kernel.Programs.ReadCounters(program));
    }

    private static byte[] Expected(EgressTemplate? template, byte[] frame) => template switch
    {
        EgressTemplate.RewriteMac => Frames.WithMacs(frame, s_source, s_destination),
        EgressTemplate.PushVlan => Frames.WithTag(frame, new VlanTag(100)),
        EgressTemplate.PopVlan when frame[12] == 0x81 => Frames.WithoutTag(frame),
        _ => frame,
    };

    private static EgressProgramConfig Spec(EgressTemplate template) => template switch
    {
        EgressTemplate.RewriteMac => new EgressProgramConfig(template, s_source, s_destination),
        EgressTemplate.PushVlan => new EgressProgramConfig(template, VlanId: 100),
        _ => new EgressProgramConfig(template),
    };
}
