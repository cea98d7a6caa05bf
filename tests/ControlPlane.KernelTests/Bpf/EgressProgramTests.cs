using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using ControlPlane.Kernel.Programs;
using ControlPlane.KernelTests.Support;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Bpf;

/// <summary>Egress programs: their pins, and what the templates make of a frame.</summary>
public sealed class EgressProgramTests : IDisposable
{
    private static readonly MacAddress s_source = new(0x020304050607);
    private static readonly MacAddress s_destination = new(0x0a0b0c0d0e0f);

    private readonly KernelTestbed _testbed = new();

    public static TheoryData<EgressTemplate> Templates { get; } = [.. EgressTemplate.Set.All];

    public void Dispose() => _testbed.Dispose();

    [Theory]
    [MemberData(nameof(Templates))]
    public void Load_ThenRestart_AdoptsTheSameProgramWithItsParameters(EgressTemplate template)
    {
        var spec = Spec(template);
        var loaded = _testbed.Kernel.Programs.Load(KernelTestbed.Scope, "to-router.1%", spec);
        Assert.Equal(spec, loaded.Config);

        _testbed.Restart();
        Assert.Equal([loaded], _testbed.Kernel.Programs.Adopt(KernelTestbed.Scope));
        Assert.Equal(default, _testbed.Kernel.Programs.ReadCounters("to-router.1%"));
    }

    [Fact]
    public void Load_SameName_ReplacesUnderANewId()
    {
        var first = _testbed.Kernel.Programs.Load(KernelTestbed.Scope, "p", Spec(EgressTemplate.Count));
        var second = _testbed.Kernel.Programs.Load(KernelTestbed.Scope, "p", Spec(EgressTemplate.PushVlan));
        Assert.NotEqual(first.ProgramId, second.ProgramId);
        _testbed.Restart();
        Assert.Equal([second], _testbed.Kernel.Programs.Adopt(KernelTestbed.Scope));
    }

    [Fact]
    public void Unload_RemovesThePinsAndTellsWhetherThereWasOne()
    {
        _testbed.Kernel.Programs.Load(KernelTestbed.Scope, "p", Spec(EgressTemplate.Count));
        Assert.True(_testbed.Kernel.Programs.Unload(KernelTestbed.Scope, "p"));
        Assert.False(_testbed.Kernel.Programs.Unload(KernelTestbed.Scope, "p"));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(_testbed.PinRoot, "programs")));
    }

    [Theory]
    [InlineData("p%new")] // creation cut off before it was published
    [InlineData("p%old")] // removal cut off
    public void Restart_AfterACrash_ClearsWhatWasCutOff(string leftover)
    {
        var parent = Path.Combine(_testbed.PinRoot, "programs");
        _testbed.Kernel.Programs.Load(KernelTestbed.Scope, "p", Spec(EgressTemplate.Count));
        Directory.Move(Path.Combine(parent, "p"), Path.Combine(parent, leftover));
        _testbed.Kernel.Programs.Load(KernelTestbed.Scope, "q", Spec(EgressTemplate.Drop));

        _testbed.Restart();
        Assert.Equal(["q"], _testbed.Kernel.Programs.Adopt(KernelTestbed.Scope).Select(p => p.Name));
        Assert.Equal(["q"], Directory.GetDirectories(parent).Select(Path.GetFileName));
    }

    [Fact]
    public void Restart_AfterACrashInAReplacement_FinishesIt()
    {
        var parent = Path.Combine(_testbed.PinRoot, "programs");
        _testbed.Kernel.Programs.Load(KernelTestbed.Scope, "p", Spec(EgressTemplate.Count));
        Directory.Move(Path.Combine(parent, "p"), Path.Combine(parent, "p%old"));
        var second = _testbed.Kernel.Programs.Load(KernelTestbed.Scope, "q", Spec(EgressTemplate.Drop));
        Directory.Move(Path.Combine(parent, "q"), Path.Combine(parent, "p%new"));

        _testbed.Restart();
        Assert.Equal([second with { Name = "p" }], _testbed.Kernel.Programs.Adopt(KernelTestbed.Scope));
        Assert.Equal(["p"], Directory.GetDirectories(parent).Select(Path.GetFileName));
    }

    [Fact]
    public void Adopt_ForeignPin_IsRefusedAndLeft()
    {
        var folder = Path.Combine(_testbed.PinRoot, "programs", "foreign");
        Directory.CreateDirectory(folder);
        using (var map = BpfMap.Create(BpfConstants.BPF_MAP_TYPE_ARRAY, "foreign", 32, 1))
            Pin.Make(map, Path.Combine(folder, "config"));

        var e = Assert.Throws<ControlPlaneException>(() => _testbed.Kernel.Programs.Adopt(KernelTestbed.Scope));
        Assert.Contains(folder, e.Message, StringComparison.Ordinal);
        Assert.Contains("devmapd's mark", e.Message, StringComparison.Ordinal);
        Assert.NotNull(e.Error.Remedy);
        Assert.True(File.Exists(Path.Combine(folder, "config")));
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public void Template_MakesOfAFrameWhatItSays(EgressTemplate template)
    {
        using var twin = new Twin(Spec(template));
        var plain = Frames.Udp(default);
        var tagged = Frames.Udp(default, tags: new VlanTag(100));
        var stacked = Frames.Udp(default, tags: [VlanTag.Service(200), new VlanTag(100)]);
        byte[] RewriteOf(byte[] frame) => [0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, .. frame[12..]];
        byte[] PushOf(byte[] frame) => [.. frame[..12], 0x81, 0x00, 0x00, 0x64, .. frame[12..]];
        byte[] PopOf(byte[] frame) => [.. frame[..12], .. frame[16..]];

        ulong bytes = 0;
        foreach (var frame in new[] { plain, tagged, stacked })
        {
            var (action, result) = XdpRun.On(twin.Program, frame);
            bytes += (ulong)frame.Length;
            Assert.Equal(template == EgressTemplate.Drop ? BpfConstants.XDP_DROP : BpfConstants.XDP_PASS, action);
            var wanted = template switch
            {
                _ when template == EgressTemplate.RewriteMac => RewriteOf(frame),
                _ when template == EgressTemplate.PushVlan => PushOf(frame),
                _ when template == EgressTemplate.PopVlan && frame != plain => PopOf(frame),
                _ => frame,
            };
            Assert.Equal(wanted, result);
        }

        Assert.Equal(new EntryCounters(3, bytes), twin.Counters);
    }

    [Fact]
    public void RewriteMac_WithOneAddress_LeavesTheOther()
    {
        using var twin = new Twin(TestPrograms.RewriteMac(destination: s_destination));
        var frame = Frames.Udp(default);
        Assert.Equal([0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, .. frame[6..]], XdpRun.On(twin.Program, frame).Frame);
    }

    [Fact]
    public void PopVlan_FrameCutOffWithinTheTag_IsDropped()
    {
        using var twin = new Twin(Spec(EgressTemplate.PopVlan));
        Assert.Equal(BpfConstants.XDP_DROP, XdpRun.On(twin.Program, Frames.Udp(default, tags: new VlanTag(100))[..(Frames.EthernetBytes + 2)]).Action);
    }

    private static EgressProgramConfig Spec(EgressTemplate template) => TestPrograms.Of(template, s_source, s_destination, 100);

    /// <summary>The template as a plain XDP program: one for devmaps cannot be run on a frame by hand.</summary>
    private sealed class Twin : IDisposable
    {
        private readonly BpfObject _object = BpfObject.OpenEmbedded("egress.bpf.o");
        private readonly FileDescriptor _counters;

        public Twin(EgressProgramConfig spec)
        {
            var function = spec.Template.KernelProgram;
            _object.SetConfig(EgressConfig.Of(spec));
            _object.SetExpectedAttachType(function, BpfConstants.BPF_XDP);
            _object.Load(function);
            Program = _object.OpenProgram(function);
            _counters = _object.OpenMap("counters");
        }

        public FileDescriptor Program { get; }

        public EntryCounters Counters
        {
            get
            {
                var perCpu = new devmapd_counter[BpfMap.PossibleCpus];
                Assert.Equal(0, BpfMap.LookupPerCpu<devmapd_counter>(_counters, 0, perCpu));
                return new EntryCounters(perCpu.Aggregate(0ul, (s, c) => s + c.packets), perCpu.Aggregate(0ul, (s, c) => s + c.bytes));
            }
        }

        public void Dispose()
        {
            _counters.Dispose();
            Program.Dispose();
            _object.Dispose();
        }
    }
}
