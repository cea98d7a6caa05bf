using System.Buffers.Binary;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;

namespace ControlPlane.UnitTests.Core;

/// <summary>The shape of a devmap in the kernel's hash, and what is said of it.</summary>
public sealed class ShapeTests
{
    private const uint TenNet = 0x0a000000;

    [Fact]
    public void SequentialKeys_NoChains()
    {
        var shape = Read(65536, Enumerable.Range(0, 50_000).Select(i => TenNet + (uint)i));

        Assert.Equal((50_000, 65536, 50_000, 1, 0), (shape.Entries, shape.Buckets, shape.UsedBuckets, shape.LongestChain, shape.ChainsOver8));
        Assert.Equal((8L * 65536) + (64L * 50_000), shape.MemoryBytes);
        Assert.Equal(0, shape.LongestLookupNs);
        Assert.True(ShapeReader.Judge(shape).Holds);
    }

    [Fact]
    public void AddressesInNetworkByteOrder_AreRecognised()
    {
        var shape = Read(65536, Enumerable.Range(0, 2_000).Select(i => BinaryPrimitives.ReverseEndianness(TenNet + (uint)i)));

        Assert.True(shape.LongestChain > 100);
        var condition = ShapeReader.Judge(shape);
        Assert.Equal((ConditionTypes.KeysSpread, false, "KeysByteSwapped"), (condition.Type, condition.Holds, condition.Reason));
        Assert.NotNull(condition.Remedy);
    }

    [Fact]
    public void KeysOfTheSameLowBits_CollideInAnyOrderOfOctets()
    {
        var shape = Read(64, Enumerable.Range(0, 9).Select(i => (uint)i << 8));

        Assert.Equal((9, 1, 0u), (shape.LongestChain, shape.ChainsOver8, shape.LongestChainKey));
        Assert.Equal("KeysCollide", ShapeReader.Judge(shape).Reason);
        Assert.True(shape.LongestLookupNs > 0);
    }

    [Fact]
    public void EightInABucket_AreNotTooMany() =>
        Assert.True(ShapeReader.Judge(Read(64, Enumerable.Range(0, 8).Select(i => (uint)i << 8))).Holds);

    [Fact]
    public void Empty_HasNoLongestChain()
    {
        var shape = Read(1000, []);

        Assert.Equal((0, 1024, 0, 0, (uint?)null), (shape.Entries, shape.Buckets, shape.UsedBuckets, shape.LongestChain, shape.LongestChainKey));
    }

    [Fact]
    public async Task Devmap_ShapeFollowsItsEntries()
    {
        await using var core = await CoreFixture.StartAsync();
        Assert.Equal(0, core.Devmaps.GetShape("vlans").Entries);
        await core.PutAsync("vlans", "10", "sim0");
        var shape = core.Devmaps.GetShape("vlans");
        Assert.Equal((1, 1, 4, 0.25), (shape.Entries, shape.EntryTable!.Entries, shape.EntryTable.Places, shape.EntryTable.LoadFactor));
        await core.Entries.DeleteAsync("vlans", "10", default, default);
        Assert.Equal(0, core.Devmaps.GetShape("vlans").Entries);
    }

    private static DevmapShape Read(uint maxEntries, IEnumerable<uint> keys)
    {
        var table = new EntryTable(maxEntries).ToBuilder();
        foreach (var key in keys)
        {
            var record = new EntryRecord("d", EntryKey.OfNumber(key), new EntrySpec("eth0"), 1, default, default);
            table.Replace(null, new PlacedEntry(record, key));
        }

        return table.Freeze().Shape;
    }
}
