using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Kernel.Devmaps;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using ControlPlane.Kernel.Programs;
using ControlPlane.KernelTests.Support;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Bpf;

/// <summary>A devmap that is pinned when the daemon starts.</summary>
public sealed class AdoptionTests : IDisposable
{
    private readonly KernelTestbed _testbed = new();
    private readonly VethPair _veth = VethPair.Create(NetworkNamespace.Initial);

    public void Dispose()
    {
        _veth.Dispose();
        _testbed.Dispose();
    }

    [Theory]
    [InlineData(8u, null)]
    [InlineData(4u, null)]
    [InlineData(8u, 0u)]
    public void Restart_AdoptsTheSameObjectsWithEntriesAndLinks(uint valueSize, uint? numaNode)
    {
        var definition = new DevmapRecord("default", new DevmapSpec(16, valueSize, numaNode, KeySelector.Vlan, MissAction.Drop));
        uint mapId, programId, linkId;
        using (var devmap = _testbed.Open(definition))
        {
            Assert.False(devmap.Adopted);
            (mapId, programId) = (devmap.MapId, devmap.RedirectProgramId);
            devmap.Update(KernelTestbed.Scope, 7, _veth.Ifindex, null);
            linkId = devmap.Attach(KernelTestbed.Scope, _testbed.Interface(_veth.PeerName), AttachMode.Generic).LinkId;
        }

        _testbed.Restart();
        using var adopted = _testbed.Open(definition);
        Assert.True(adopted.Adopted);
        Assert.Equal((mapId, programId), (adopted.MapId, adopted.RedirectProgramId));
        Assert.True(adopted.TryLookup(7, out var entry));
        Assert.Equal(_veth.Ifindex, entry.Ifindex);
        Assert.Equal([new(_veth.PeerName, _veth.PeerIfindex, linkId, AttachMode.Generic, programId)], adopted.Links);
    }

    [Fact]
    public void EverythingDifferent_IsListedWithFoundAndWantedAndWhatToDo()
    {
        _testbed.Open(new DevmapRecord("default", new DevmapSpec(16))).Dispose();
        var e = Assert.Throws<ControlPlaneException>(() =>
            _testbed.Open(new DevmapRecord("default", new DevmapSpec(32, 4, 0, KeySelector.Vlan, MissAction.Drop, Counters: false))));

        Assert.Equal(ErrorCode.KernelFailure, e.Error.Code);
        foreach (var difference in new[]
        {
            "KeySelector: pinned IngressInterface, configured Vlan", "NumaNode: pinned none, configured 0", "ValueSize: pinned 8, configured 4",
            "MaxEntries: pinned 16, configured 32",
        })
            Assert.Contains(difference, e.Error.Detail, StringComparison.Ordinal);
        Assert.Contains(_testbed.DevmapFolder("default"), e.Error.Remedy!.Commands[0], StringComparison.Ordinal);

        using var same = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16)));
        Assert.True(same.Adopted);
    }

    [Fact]
    public void SlotThatHoldsAnotherMap_IsADifference()
    {
        _testbed.Open(new DevmapRecord("default", new DevmapSpec(16))).Dispose();
        using (var other = BpfMap.Create(BpfConstants.BPF_MAP_TYPE_DEVMAP_HASH, "other", 8, 16))
        using (var slot = Pin.OpenMap(Path.Combine(_testbed.DevmapFolder("default"), "slots"), BpfConstants.BPF_F_WRONLY))
            Assert.Equal(0, BpfMap.Update(slot, 0, other.Number));
        var e = Assert.Throws<ControlPlaneException>(() => _testbed.Open(new DevmapRecord("default", new DevmapSpec(16))));
        Assert.Contains("id of the map in the slot", e.Error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void ForeignMapInOurPlace_IsRefusedAndLeft()
    {
        var active = Path.Combine(_testbed.DevmapFolder("default"), "active");
        Directory.CreateDirectory(_testbed.DevmapFolder("default"));
        using (var map = BpfMap.Create(BpfConstants.BPF_MAP_TYPE_HASH, "foreign", 8, 16))
            Pin.Make(map, active);
        var e = Assert.Throws<ControlPlaneException>(() => _testbed.Open(new DevmapRecord("default", new DevmapSpec(16))));
        Assert.Contains("lacks its slots, tables, switch, table, counts/0, more_counts, action_parts, action_change, action_counts, action_totals, totals, missed, more_totals, config, complete, redirect", e.Error.Detail, StringComparison.Ordinal);
        Assert.NotNull(e.Error.Remedy);
        Assert.True(File.Exists(active));
    }

    [Fact]
    public void ProgramInThePlaceOfAMap_IsRefusedByName()
    {
        _testbed.Open(new DevmapRecord("default", new DevmapSpec(16))).Dispose();
        var folder = _testbed.DevmapFolder("default");
        File.Delete(Path.Combine(folder, "config"));
        using (var program = Pin.OpenProgram(Path.Combine(folder, "redirect")))
            Pin.Make(program, Path.Combine(folder, "config"));
        var e = Assert.Throws<ControlPlaneException>(() => _testbed.Open(new DevmapRecord("default", new DevmapSpec(16))));
        Assert.Contains("not a map but anon_inode:bpf-prog", e.Error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void SelectorOfAnUnknownKind_IsRefusedByItsNumber()
    {
        var definition = new DevmapRecord("default", new DevmapSpec(16));
        _testbed.Open(definition).Dispose();
        ReplaceConfig(Path.Combine(_testbed.DevmapFolder("default"), "config"), DevmapCreation.ConfigOf(definition) with { selector = 99 });
        var e = Assert.Throws<ControlPlaneException>(() => _testbed.Open(definition));
        Assert.Contains("the value 99 is not a key selector that this version knows", e.Error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void CreationCutOff_IsClearedAwayAndMadeAnew()
    {
        _testbed.Open(new DevmapRecord("default", new DevmapSpec(16))).Dispose();
        Directory.Move(_testbed.DevmapFolder("default"), _testbed.DevmapFolder("default%new"));
        File.Delete(Path.Combine(_testbed.DevmapFolder("default%new"), "redirect"));

        _testbed.Restart();
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16)));
        Assert.False(devmap.Adopted);
        Assert.Equal(["default"], Directory.GetDirectories(Path.Combine(_testbed.PinRoot, "devmaps")).Select(Path.GetFileName));
    }

    [Fact]
    public void CreationRefusedByTheKernel_LeavesNoPin()
    {
        Assert.Throws<KernelException>(() => _testbed.Open(new DevmapRecord("default", new DevmapSpec(16, NumaNode: 4095))));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(_testbed.PinRoot, "devmaps")));
    }

    [Fact]
    public void EgressProgramOfAnElement_SurvivesARestart()
    {
        var program = _testbed.Kernel.Programs.Load(KernelTestbed.Scope, "count", new EgressProgramConfig(EgressTemplate.Count));
        using (var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16))))
            devmap.Update(KernelTestbed.Scope, 7, _veth.Ifindex, "count");
        _testbed.Restart();
        _testbed.Kernel.Programs.Adopt(KernelTestbed.Scope);
        using var adopted = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16)));
        Assert.True(adopted.TryLookup(7, out var entry));
        Assert.Equal(program.ProgramId, entry.EgressProgramId);
        adopted.Update(KernelTestbed.Scope, 8, _veth.Ifindex, "count");
    }

    [Theory]
    [InlineData(DevmapdConstants.DEVMAPD_OLDEST_VERSION, true)]
    [InlineData(DevmapdConstants.DEVMAPD_VERSION + 1, false)]
    public void EgressProgramOfAnotherBuild_IsAdoptedUnlessItIsNewer(uint version, bool adopted)
    {
        var spec = TestPrograms.PushVlan(7);
        using (var obj = BpfObject.OpenEmbedded("egress.bpf.o"))
        {
            obj.SetConfig(EgressConfig.Of(spec) with { version = version });
            obj.Load("devmapd_push");
            using var config = obj.OpenMap(".rodata");
            using var counters = obj.OpenMap("counters");
            using var program = obj.OpenProgram("devmapd_push");
            var pins = EgressProgramPins.Of(_testbed.PinRoot, "tag");
            PinFolder.Create(pins.Folder);
            Pin.Make(config, pins.Config);
            Pin.Make(counters, pins.Counters);
            Pin.Make(program, pins.Program);
        }

        if (adopted)
            Assert.Equal(spec, Assert.Single(_testbed.Kernel.Programs.Adopt(KernelTestbed.Scope)).Config);
        else
            Assert.Contains("another version", Assert.Throws<ControlPlaneException>(() => _testbed.Kernel.Programs.Adopt(KernelTestbed.Scope)).Error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void TemplateOfAnUnknownKind_IsRefusedByItsNumber()
    {
        var spec = new EgressProgramConfig(EgressTemplate.Count);
        _testbed.Kernel.Programs.Load(KernelTestbed.Scope, "count", spec);
        ReplaceConfig(EgressProgramPins.Of(_testbed.PinRoot, "count").Config, EgressConfig.Of(spec) with { template = 99 });
        _testbed.Restart();
        var e = Assert.Throws<ControlPlaneException>(() => _testbed.Kernel.Programs.Adopt(KernelTestbed.Scope));
        Assert.Contains("the value 99 is not an egress template that this version knows", e.Error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void PinFolders_AreForRootAlone()
    {
        _testbed.Open(new DevmapRecord("default", new DevmapSpec(16))).Dispose();
        const UnixFileMode rootOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Assert.Equal(rootOnly, File.GetUnixFileMode(_testbed.PinRoot));
        Assert.Equal(rootOnly, File.GetUnixFileMode(_testbed.DevmapFolder("default")));
    }

    private static unsafe void ReplaceConfig<T>(string path, T config)
        where T : unmanaged
    {
        File.Delete(path);
        using var map = BpfMap.Create(BpfConstants.BPF_MAP_TYPE_ARRAY, "config", (uint)sizeof(T), 1);
        Assert.Equal(0, BpfMap.Update(map, 0, config));
        Pin.Make(map, path);
    }
}
