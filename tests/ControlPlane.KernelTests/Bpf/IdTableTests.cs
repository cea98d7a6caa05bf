using System.Buffers.Binary;
using System.Net;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Ids;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using ControlPlane.KernelTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Bpf;

/// <summary>The entry table as the daemon writes it and the redirect program reads it.</summary>
public sealed class IdTableTests : IDisposable
{
    private const string Name = "default";
    private readonly KernelTestbed _testbed = new();
    private readonly VethPair _veth = VethPair.Create(NetworkNamespace.Initial);

    private readonly uint _target;
    private FileDescriptor? _program;

    public IdTableTests() => _target = _veth.Ifindex;

    public void Dispose()
    {
        _program?.Dispose();
        _veth.Dispose();
        _testbed.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void RandomAddsAndRemovals_FindEachKeyAndNoOther(int seed)
    {
        var random = new Random(seed);
        using var table = IdTable.Create(64);
        var model = new Dictionary<uint, uint>();
        for (var step = 0; step < 20_000; step++)
        {
            // Few keys, so that most are there, and more than there are places for.
            var key = (uint)random.Next(150);
            if (model.Remove(key, out var id))
            {
                Assert.Equal(id, table.Remove(key));
                Assert.Equal(0u, table.Remove(key));
            }
            else if (table.TryAdd(key, (uint)step + 1))
            {
                model[key] = (uint)step + 1;
            }
            else
            {
                // The hashes are other ones each time. Those of a table that is half full seldom lack a place.
                Assert.True(model.Count > table.Capacity / 8, $"no place for another key with {model.Count} of {table.Capacity}");
            }
        }

        Assert.Equal(model.OrderBy(e => e.Key), table.Entries.Select(e => KeyValuePair.Create(e.Key, e.Id)).OrderBy(e => e.Key));
        Assert.Equal(model.Count, table.Count);
        Assert.All(Enumerable.Range(0, 150), key => Assert.Equal(model.GetValueOrDefault((uint)key), table.Find((uint)key)));
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void RandomChanges_TheProgramCountsEachFrameForItsKey(int seed)
    {
        var random = new Random(seed);
        using var devmap = Open(maxEntries: 512);
        var model = new Dictionary<uint, ulong>();
        var total = 0ul;
        for (var step = 0; step < 4_000; step++)
        {
            var key = 0x0a000000 + (uint)random.Next(600);
            switch (random.Next(4))
            {
                case 0 when model.Remove(key):
                    Assert.True(devmap.Delete(KernelTestbed.Scope, key));
                    break;
                case 1 when model.Count < 512 && model.TryAdd(key, 0):
                    devmap.Update(KernelTestbed.Scope, key, _target, null);
                    break;
                default:
                    var hit = model.ContainsKey(key);
                    Assert.Equal(hit ? BpfConstants.XDP_REDIRECT : BpfConstants.XDP_DROP, Run(key));
                    if (hit)
                        (model[key], total) = (model[key] + 1, total + 1);
                    break;
            }
        }

        Assert.All(model, e => Assert.Equal(e.Value, devmap.ReadCounters(e.Key).Packets));
        Assert.Equal(total, devmap.ReadTotals()!.Value.RedirectedPackets);
        Assert.Equal(default, devmap.ReadCounters(0x0a000000 + 601));
    }

    [Fact]
    public void TableThatIsAlmostFull_IsReadToTheLastPlace()
    {
        using var devmap = Open(maxEntries: 1024);
        var keys = Enumerable.Range(0, 1000).Select(i => 0x0a000000 + (uint)(i * 7)).ToArray();
        foreach (var key in keys)
            devmap.Update(KernelTestbed.Scope, key, _target, null);
        var pins = new DevmapPins(_testbed.DevmapFolder(Name));
        using var slots = new Slots(Name, pins);
        using var active = Pin.OpenMap(pins.Active, BpfConstants.BPF_F_RDONLY);
        using var before = IdTable.Open(pins.Table, slots.ActiveHash);
        using var small = IdTable.Create(512);
        var known = keys.Where(key => small.TryAdd(key, before.Find(key))).ToHashSet();
        Assert.InRange(known.Count, 800, 1000);

        slots.Prepare(active, small);
        slots.Switch();
        slots.Release(active);
        foreach (var key in keys)
            Assert.Equal(BpfConstants.XDP_REDIRECT, Run(key));

        using var counters = new IdCounters(pins.ExistingCounts);
        Assert.All(keys, key => Assert.Equal(known.Contains(key) ? 1ul : 0, counters.Read(before.Find(key)).packets));
        Assert.Equal((ulong)(keys.Length - known.Count), counters.Read(0).packets);
    }

    [Fact]
    public void LargeTable_GrowsAndKeepsTheCountsWhateverChangesMeanwhile()
    {
        var pins = new DevmapPins(_testbed.DevmapFolder(Name));
        using var devmap = Open(maxEntries: 100_000);
        for (var key = 1u; key <= 45_000; key++)
        {
            devmap.Update(KernelTestbed.Scope, key, _target, null);
            if (key % 1000 == 0)
                Assert.Equal(BpfConstants.XDP_REDIRECT, Run(key));
            if (key % 10 == 0)
                devmap.Delete(KernelTestbed.Scope, (key / 2) + 1);
            if (key % 20 == 0)
                devmap.Update(KernelTestbed.Scope, (key / 2) + 1, _target, null);
        }

        for (var key = 1000u; key <= 45_000; key += 1000)
            Assert.Equal((1ul, 0ul), (devmap.ReadCounters(key).Packets, devmap.ReadCounters(key - 1).Packets));
        for (var key = 101u; key <= 45_000; key += 100)
        {
            var there = devmap.TryLookup(key, out _);
            Assert.Equal(there ? BpfConstants.XDP_REDIRECT : BpfConstants.XDP_DROP, Run(key));
            Assert.Equal(there ? 1ul : 0, devmap.ReadCounters(key).Packets);
        }

        Assert.InRange(pins.ExistingCounts.Count(), 10, 12);
        using var counters = new IdCounters(pins.ExistingCounts);
        Assert.Equal(0ul, counters.Read(0).packets);
        using var slots = new Slots(Name, pins);
        using var table = IdTable.Open(pins.Table, slots.ActiveHash);
        Assert.Equal((slots.ReadTableId(), devmap.MapId), (BpfInfo.OfMap(table.Map).id, slots.ReadDevmapId()));
        Assert.InRange(table.Capacity, 65_536, 262_144);
        var use = devmap.ReadTableUse()!;
        Assert.Equal(new EntryTableUse(table.Count, table.Capacity, (double)table.Count / table.Capacity, 8L * table.Capacity, use.CounterBytes), use);
        // The last part can still be on its way.
        var parts = pins.ExistingCounts.Count();
        Assert.InRange(use.CounterBytes, 16L * IdCounters.PartSize * (parts - 1), 16L * IdCounters.PartSize * parts);
    }

    [Fact]
    public void IdsOfDeletedEntries_ServeOthersFromZero()
    {
        using var devmap = Open(maxEntries: 4);
        for (var key = 1u; key <= 6_000; key++)
        {
            devmap.Update(KernelTestbed.Scope, key, _target, null);
            Assert.Equal(default, devmap.ReadCounters(key));
            Assert.Equal(BpfConstants.XDP_REDIRECT, Run(key));
            Assert.Equal(1ul, devmap.ReadCounters(key).Packets);
            devmap.Delete(KernelTestbed.Scope, key);
            Assert.Equal(default, devmap.ReadCounters(key));
        }

        Assert.Equal(6_000ul, devmap.ReadTotals()!.Value.RedirectedPackets);
        Assert.Single(new DevmapPins(_testbed.DevmapFolder(Name)).ExistingCounts);
    }

    [Fact]
    public void KeyThatOthersTookFromTheTable_IsSaidToBeUncounted_AndCountsAgainOnceWritten()
    {
        using var devmap = Open(maxEntries: 16);
        devmap.Update(KernelTestbed.Scope, 7, _target, null);
        Assert.True(devmap.IsCounted(7));
        var pins = new DevmapPins(_testbed.DevmapFolder(Name));
        using var slots = new Slots(Name, pins);
        using (var table = IdTable.Open(pins.Table, slots.ActiveHash))
            table.Remove(7);

        Assert.False(devmap.IsCounted(7));
        devmap.Update(KernelTestbed.Scope, 7, _target, null, replaces: true);
        Assert.True(devmap.IsCounted(7));
        Run(7);
        Assert.Equal(1ul, devmap.ReadCounters(7).Packets);
    }

    [Fact]
    public void TableThatOthersReplaced_IsSaidToBeInactive_AndPutBack()
    {
        using var devmap = Open(maxEntries: 16);
        devmap.Update(KernelTestbed.Scope, 7, _target, null);
        using var places = Pin.OpenMap(new DevmapPins(_testbed.DevmapFolder(Name)).Tables, 0);
        using var other = IdTable.Create(8);
        Assert.Equal(0, BpfMap.Update(places, 0, other.Map.Number));
        Assert.False(devmap.IsActive());

        devmap.Activate(KernelTestbed.Scope);

        Assert.True(devmap.IsActive());
        Run(7);
        Assert.Equal(1ul, devmap.ReadCounters(7).Packets);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void GrowthThatACrashCutOff_IsFinishedOrUndone(bool switched)
    {
        var pins = new DevmapPins(_testbed.DevmapFolder(Name));
        using (var devmap = Open(maxEntries: 16))
        {
            devmap.Update(KernelTestbed.Scope, 7, _target, null);
            Run(7);
        }

        using (var slots = new Slots(Name, pins))
        using (var active = Pin.OpenMap(pins.Active, BpfConstants.BPF_F_RDONLY))
        using (var before = IdTable.Open(pins.Table, slots.ActiveHash))
        using (var larger = IdTable.Create(64))
        {
            larger.TryAdd(7, before.Find(7));
            Pin.Make(larger.Map, DevmapPins.Next(pins.Table));
            slots.Prepare(active, larger);
            if (switched)
                slots.Switch();
        }

        _testbed.Restart();
        using var adopted = Open(maxEntries: 16);
        Run(7);
        Assert.Equal(2ul, adopted.ReadCounters(7).Packets);
        Assert.False(File.Exists(DevmapPins.Next(pins.Table)));
    }

    [Fact]
    public void PartOfTheCountersThatOthersTookFromItsSlot_IsPutBackByTheNextStart()
    {
        const uint Last = 10_000;
        using (var devmap = Open(maxEntries: 20_000))
        {
            for (var key = 1u; key <= Last; key++)
                devmap.Update(KernelTestbed.Scope, key, _target, null);
            Run(Last);
        }

        using var slots = Pin.OpenMap(new DevmapPins(_testbed.DevmapFolder(Name)).MoreCounts, 0);
        uint[] parts = [.. Enumerable.Range(0, 2).Select(PartIn)];
        Assert.Equal(0, BpfMap.Delete(slots, 1));

        _testbed.Restart();
        using var adopted = Open(maxEntries: 20_000);

        Assert.Equal(parts, Enumerable.Range(0, 2).Select(PartIn));
        Run(Last);
        Assert.Equal(2ul, adopted.ReadCounters(Last).Packets);

        uint PartIn(int slot)
        {
            Assert.Equal(0, BpfMap.Lookup<uint>(slots, (uint)slot, out var id));
            return id;
        }
    }

    [Theory]
    [MemberData(nameof(Selectors))]
    public async Task TwoCpusAtOnce_CountEachFrameWhileTheTableGrows(KeySelector selector, uint key, byte[] frame)
    {
        const int Frames = 300_000;
        using var devmap = _testbed.Open(new DevmapRecord(Name, new DevmapSpec(60_000, KeySelector: selector, MissAction: MissAction.Drop)));
        devmap.Update(KernelTestbed.Scope, key, _target, null);
        using var program = Pin.OpenProgram(new DevmapPins(_testbed.DevmapFolder(Name)).Redirect);
        var senders = Enumerable.Range(0, 2).Select(_ => Task.Factory.StartNew(() => XdpRun.Repeat(program, frame, Frames), TaskCreationOptions.LongRunning)).ToArray();
        for (var other = 5000u; other < 25_000; other++)
        {
            devmap.Update(KernelTestbed.Scope, other, _target, null);
            if (other % 3 == 0)
                devmap.Delete(KernelTestbed.Scope, other);
        }

        await Task.WhenAll(senders);
        var sent = new EntryCounters(2 * Frames, 2ul * Frames * (ulong)frame.Length);
        Assert.Equal(sent, devmap.ReadCounters(key));
        Assert.Equal(new DevmapCounters(sent.Packets, sent.Bytes, 0, 0, 0, 0), devmap.ReadTotals());
    }

    public static TheoryData<KeySelector, uint, byte[]> Selectors { get; } = new()
    {
        { KeySelector.IngressInterface, 1, Udp(7) },
        { KeySelector.Vlan, 0, Udp(7) },
        { KeySelector.Ipv4Destination, 7, Udp(7) },
    };

    private static byte[] Udp(uint address) => Frames.Udp(new FrameMark(1, 1), new IPAddress(BinaryPrimitives.ReverseEndianness(address)).ToString());

    private IDevmap Open(uint maxEntries) =>
        _testbed.Open(new DevmapRecord(Name, new DevmapSpec(maxEntries, KeySelector: KeySelector.Ipv4Destination, MissAction: MissAction.Drop)));

    private uint Run(uint address)
    {
        _program ??= Pin.OpenProgram(new DevmapPins(_testbed.DevmapFolder(Name)).Redirect);
        return XdpRun.On(_program, Udp(address)).Action;
    }
}
