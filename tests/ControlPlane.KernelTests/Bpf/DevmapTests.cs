using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using ControlPlane.KernelTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Bpf;

/// <summary>Elements of a devmap on the real kernel.</summary>
public sealed class DevmapTests : IDisposable
{
    private readonly KernelTestbed _testbed = new();
    private readonly VethPair _veth = VethPair.Create(NetworkNamespace.Initial);

    public void Dispose()
    {
        _veth.Dispose();
        _testbed.Dispose();
    }

    [Fact]
    public void Update_ThenLookup_GivesInterfaceAndNoProgram()
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16)));
        devmap.Update(KernelTestbed.Scope, 7, _veth.Ifindex, null);

        Assert.True(devmap.TryLookup(7, out var entry));
        Assert.Equal(new KernelEntry(_veth.Ifindex, 0), entry);
        Assert.False(devmap.TryLookup(8, out _));
    }

    [Fact]
    public void Update_WithProgram_GivesItsIdOnLookup()
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16)));
        var program = _testbed.Kernel.Programs.Load(KernelTestbed.Scope, "count-1", new EgressProgramConfig(EgressTemplate.Count));
        devmap.Update(KernelTestbed.Scope, 7, _veth.Ifindex, "count-1");

        Assert.True(devmap.TryLookup(7, out var entry));
        Assert.Equal(new KernelEntry(_veth.Ifindex, program.ProgramId), entry);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(uint.MaxValue)]
    public void Update_AnyKey_IsTaken(uint key)
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16)));
        devmap.Update(KernelTestbed.Scope, key, _veth.Ifindex, null);
        Assert.True(devmap.TryLookup(key, out _));
        Assert.True(devmap.TryGetNextKey(null, out var first));
        Assert.Equal(key, first);
    }

    [Fact]
    public void Update_UnknownIfindex_IsEinval()
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16)));
        var e = Assert.Throws<KernelException>(() => devmap.Update(KernelTestbed.Scope, 7, 0x7ffffff0, null));
        Assert.Equal(Errno.EINVAL, e.Errno);
        Assert.Contains("devmap default, key 7", e.Message, StringComparison.Ordinal);
        Assert.Contains("EINVAL (Invalid argument)", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Update_FullMap_IsE2bigAndReplacingStillWorks()
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(2)));
        devmap.Update(KernelTestbed.Scope, 1, _veth.Ifindex, null);
        devmap.Update(KernelTestbed.Scope, 2, _veth.Ifindex, null);

        var e = Assert.Throws<KernelException>(() => devmap.Update(KernelTestbed.Scope, 3, _veth.Ifindex, null));
        Assert.Equal(Errno.E2BIG, e.Errno);
        devmap.Update(KernelTestbed.Scope, 2, _veth.PeerIfindex, null);
        Assert.True(devmap.TryLookup(2, out var entry));
        Assert.Equal(_veth.PeerIfindex, entry.Ifindex);
    }

    [Fact]
    public void Update_UnknownProgram_NamesIt()
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(2)));
        var e = Assert.Throws<ControlPlaneException>(() => devmap.Update(KernelTestbed.Scope, 1, _veth.Ifindex, "nosuch"));
        Assert.Equal(ErrorCode.ProgramNotFound, e.Error.Code);
        Assert.Contains("nosuch", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Update_WithoutTheWriter_IsRefused()
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(2)));
        Assert.Throws<InvalidOperationException>(() => devmap.Update(default, 1, _veth.Ifindex, null));
        Assert.False(devmap.TryLookup(1, out _));
    }

    [Fact]
    public void Delete_TellsWhetherThereWasOne()
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(2)));
        devmap.Update(KernelTestbed.Scope, 1, _veth.Ifindex, null);
        Assert.True(devmap.Delete(KernelTestbed.Scope, 1));
        Assert.False(devmap.Delete(KernelTestbed.Scope, 1));
        Assert.False(devmap.TryLookup(1, out _));
    }

    [Fact]
    public void FourByteValues_WorkAndRefuseAProgram()
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(2, ValueSize: 4)));
        _testbed.Kernel.Programs.Load(KernelTestbed.Scope, "count", new EgressProgramConfig(EgressTemplate.Count));
        devmap.Update(KernelTestbed.Scope, 1, _veth.Ifindex, null);
        Assert.True(devmap.TryLookup(1, out var entry));
        Assert.Equal(new KernelEntry(_veth.Ifindex, 0), entry);

        var e = Assert.Throws<ControlPlaneException>(() => devmap.Update(KernelTestbed.Scope, 1, _veth.Ifindex, "count"));
        Assert.Equal(ErrorCode.NotSupported, e.Error.Code);
    }

    [Fact]
    public void Walk_VisitsEveryKeyOnce()
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(4096)));
        for (uint key = 0; key < 3000; key++)
            devmap.Update(KernelTestbed.Scope, key * 7919, _veth.Ifindex, null);

        var seen = new HashSet<uint>();
        uint? after = null;
        for (var i = 0; i < 5000 && devmap.TryGetNextKey(after, out var next); i++)
        {
            Assert.True(seen.Add(next));
            after = next;
        }

        Assert.Equal(3000, seen.Count);
    }

    [Fact]
    public void Device_Deleted_TakesItsElements()
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16)));
        devmap.Update(KernelTestbed.Scope, 1, _veth.Ifindex, null);
        _veth.Delete();
        Assert.False(devmap.TryLookup(1, out _));
    }

    [Fact]
    public void WriteThroughTheReadersDescriptor_IsRefusedByTheKernel()
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16)));
        using var read = Pin.OpenMap(Path.Combine(_testbed.DevmapFolder("default"), "active"), BpfConstants.BPF_F_RDONLY);
        Assert.Equal(-Errno.EPERM, BpfMap.Update(read, 1, new bpf_devmap_val_write { ifindex = _veth.Ifindex }));
        Assert.Equal(-Errno.EPERM, BpfMap.Delete(read, 1));
    }

    [Fact]
    public void ReadThroughTheWritersDescriptor_IsRefusedByTheKernel()
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16)));
        devmap.Update(KernelTestbed.Scope, 1, _veth.Ifindex, null);
        using var write = Pin.OpenMap(Path.Combine(_testbed.DevmapFolder("default"), "active"), BpfConstants.BPF_F_WRONLY);
        Assert.Equal(-Errno.EPERM, BpfMap.Lookup<bpf_devmap_val_read>(write, 1, out _));
        Assert.Equal(-Errno.EPERM, BpfMap.NextKey(write, null, out _));
    }

    [Fact]
    public void TheDevmapsOwnDescriptors_AreOneReadOnlyAndOneWriteOnly()
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16)));
        // fdinfo gives O_ flags in octal: the last digit is 0 for O_RDONLY, 1 for O_WRONLY, 2 for O_RDWR.
        var access = Directory.GetFiles("/proc/self/fdinfo")
            .Select(f => { try { return File.ReadAllLines(f); } catch (IOException) { return []; } })
            .Where(lines => lines.Any(l => l.StartsWith("map_id:", StringComparison.Ordinal) && l.Split('\t')[1] == $"{devmap.MapId}"))
            .Select(lines => lines.First(l => l.StartsWith("flags:", StringComparison.Ordinal))[^1])
            .Order();
        Assert.Equal(['0', '1'], access);
    }

    [Fact]
    public unsafe void Batch_IsEnotsuppAndHasAName()
    {
        using var devmap = _testbed.Open(new DevmapRecord("default", new DevmapSpec(16)));
        using var read = Pin.OpenMap(Path.Combine(_testbed.DevmapFolder("default"), "active"), BpfConstants.BPF_F_RDONLY);
        uint next, count = 4;
        var keys = stackalloc uint[4];
        var values = stackalloc bpf_devmap_val_read[4];
        var result = Libbpf.bpf_map_lookup_batch(read, null, &next, keys, values, &count, null);
        Assert.Equal(-Errno.ENOTSUPP, result);
        Assert.StartsWith("ENOTSUPP (", KernelCall.Describe(-result), StringComparison.Ordinal);
    }
}
