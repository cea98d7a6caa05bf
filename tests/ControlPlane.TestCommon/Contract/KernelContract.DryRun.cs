using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.TestCommon.Contract;

/// <summary>The part about what egress programs make of frames.</summary>
public abstract partial class KernelContract
{
    private static readonly MacAddress s_source = new(0x020304050607);
    private static readonly MacAddress s_destination = new(0x0a0b0c0d0e0f);
    private static readonly FrameMark s_mark = new(7, 7);

    private static readonly Dictionary<string, byte[]> s_frames = new()
    {
        ["untagged"] = Frames.Udp(s_mark),
        ["tagged"] = Frames.Udp(s_mark, tags: new VlanTag(7, Priority: 5)),
        ["service tag"] = Frames.Udp(s_mark, tags: VlanTag.Service(9)),
        ["two tags"] = Frames.Udp(s_mark, tags: [VlanTag.Service(9), new VlanTag(7)]),
        ["full"] = Frames.Udp(s_mark, payload: 1472),
        ["jumbo"] = Frames.Udp(s_mark, payload: 8972, tags: new VlanTag(7)),
        ["header alone"] = [.. Enumerable.Range(1, 12).Select(i => (byte)i), 0x88, 0xb5],
        ["tag alone"] = [.. Enumerable.Range(1, 12).Select(i => (byte)i), 0x81, 0, 0, 7, 0x08, 0],
        ["cut off within the tag"] = [.. Enumerable.Range(1, 12).Select(i => (byte)i), 0x81, 0, 0, 7, 8],
        ["cut off after the tag's type"] = [.. Enumerable.Range(1, 12).Select(i => (byte)i), 0x88, 0xa8],
    };

    public static TheoryData<EgressTemplate> Templates { get; } = [.. EgressTemplate.Set.All];

    [Theory]
    [MemberData(nameof(Templates))]
    public void DryRun_DoesToAFrameWhatTheTemplateDoes(EgressTemplate template)
    {
        foreach (var (kind, frame) in s_frames)
        {
            var before = frame.ToArray();
            var verdict = _kernel.Programs.DryRun(SpecOf(template), frame);

            var wanted = template switch
            {
                _ when template == EgressTemplate.Drop => null,
                _ when template == EgressTemplate.RewriteMac => Frames.WithMacs(frame, s_source, s_destination),
                _ when template == EgressTemplate.PushVlan => Frames.WithTag(frame, new VlanTag(100)),
                _ when template == EgressTemplate.PopVlan && (frame[12], frame[13]) is (0x81, 0) or (0x88, 0xa8) => frame.Length < 18 ? null : Frames.WithoutTag(frame),
                _ when template == EgressTemplate.Count || template == EgressTemplate.PopVlan => frame,
                _ => throw new NotSupportedException($"no frames for {template}"),
            };
            Assert.Equal((kind, wanted is null ? XdpAction.Drop : XdpAction.Pass), (kind, verdict.Action));
            Assert.Equal(wanted ?? [], verdict.Frame.ToArray());
            Assert.Equal(before, frame);
        }
    }

    [Fact]
    public void DryRun_OneAddressOnly_LeavesTheOther()
    {
        var frame = s_frames["untagged"];
        Assert.Equal(
            Frames.WithMacs(frame, s_source, Frames.Destination),
            _kernel.Programs.DryRun(TestPrograms.RewriteMac(s_source), frame).Frame.ToArray());
        Assert.Equal(
            Frames.WithMacs(frame, Frames.Source, s_destination),
            _kernel.Programs.DryRun(TestPrograms.RewriteMac(destination: s_destination), frame).Frame.ToArray());
    }

    [Fact]
    public void DryRun_IsNotCountedAndLoadsNothing()
    {
        var loaded = _kernel.Programs.Load(new WriterScope(true), "counting", SpecOf(EgressTemplate.Count));
        _kernel.Programs.DryRun(loaded.Config, s_frames["untagged"]);
        Assert.Equal(new EntryCounters(0, 0), _kernel.Programs.ReadCounters("counting"));
        Assert.Equal([loaded], _kernel.Programs.Adopt(new WriterScope(true)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(13)]
    public void DryRun_LessThanAnEthernetHeader_IsRefused(int length) => Assert.Throws<ArgumentOutOfRangeException>(
        () => _kernel.Programs.DryRun(SpecOf(EgressTemplate.Count), new byte[length]));

    private static EgressProgramConfig SpecOf(EgressTemplate template) => TestPrograms.Of(template, s_source, s_destination, 100);
}
