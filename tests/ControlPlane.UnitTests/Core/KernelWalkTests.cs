using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Simulation;

namespace ControlPlane.UnitTests.Core;

/// <summary>The walk while elements vanish and are replaced between its steps.</summary>
public sealed class KernelWalkTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Buckets_ElementsVanishMeanwhile_NoSurvivorIsMissedAndNoneComesTwice(int seed)
    {
        var random = new Random(seed);
        var map = Filled(512, key => key % 3 == 0 ? 512u + key : key);
        var keys = new Disturbed(map).Keys();
        var survivors = keys.Where(_ => random.Next(2) == 0).ToHashSet();
        var doomed = new Queue<uint>(keys.Where(k => !survivors.Contains(k)).OrderBy(_ => random.Next()));
        var reader = new Disturbed(map, onStep: last =>
        {
            if (last is { } key && !survivors.Contains(key) && random.Next(2) == 0)
                map.Remove(key);
            else if (doomed.TryDequeue(out var victim))
                map.Remove(victim);
        });
        var walked = Walk(reader);
        Assert.Equal(walked.Count, walked.Distinct().Count());
        Assert.Empty(survivors.Except(walked));
    }

    [Fact]
    public void Buckets_EveryVisitedElementIsReplaced_Ends()
    {
        var map = Filled(64, key => key % 4);
        var reader = new Disturbed(map, onStep: last =>
        {
            if (last is { } key)
                map.Set(key, new KernelEntry(2, 0));
        });
        var walked = Walk(reader);
        Assert.Equal(walked.Count, walked.Distinct().Count());
        Assert.True(reader.Steps < 10_000);
    }

    [Fact]
    public void Buckets_OneLongChain_ComesOutInOneBucket()
    {
        var map = new SimulatedMap(new DevmapRecord("walk", new DevmapSpec(64)), 1, 2, 3, 4);
        for (var i = 0u; i < 50; i++)
            map.Set(i * 64, new KernelEntry(1, 0));
        var bucket = Assert.Single(KernelWalk.Buckets(new Disturbed(map), new EntryTable(64)));
        Assert.Equal((0, 50), (bucket.Index, bucket.Keys.Count));
    }

    private static SimulatedMap Filled(uint count, Func<uint, uint> keyOf)
    {
        var map = new SimulatedMap(new DevmapRecord("walk", new DevmapSpec(count)), 1, 2, 3, 4);
        for (var i = 0u; i < count; i++)
            map.Set(keyOf(i), new KernelEntry(1, 0));
        return map;
    }

    private static List<uint> Walk(Disturbed reader) =>
        [.. KernelWalk.Buckets(reader, new EntryTable(reader.MaxEntries)).SelectMany(b => b.Keys.ToArray())];

    private sealed class Disturbed(SimulatedMap map, Action<uint?>? onStep = null) : IDevmapReader
    {
        public uint MaxEntries => map.Definition.Spec.MaxEntries;

        public int Steps { get; private set; }

        public DevmapLink? FindLink(string interfaceName) => null;

        public bool TryLookup(uint key, out KernelEntry entry) => map.TryGet(key, out entry);

        public bool TryGetNextKey(uint? after, out uint next)
        {
            Steps++;
            onStep?.Invoke(after);
            return map.Table.TryGetNext(after, out next);
        }

        public List<uint> Keys()
        {
            var keys = new List<uint>();
            for (uint? cursor = null; map.Table.TryGetNext(cursor, out var next); cursor = next)
                keys.Add(next);
            return keys;
        }

        public EntryCounters ReadCounters(uint key) => default;

        public uint ReadActiveMapId() => map.MapId;

        public bool IsActive() => true;

        public bool IsCounted(uint key) => true;

        public EntryTableUse? ReadTableUse() => null;

        public DevmapCounters? ReadTotals() => null;

        public EntryActions? ReadActions(uint key) => throw new NotSupportedException();

        public IReadOnlyList<ActionCount> ReadActionCounts() => throw new NotSupportedException();

        public PeerUse ReadPeerUse(uint key) => PeerUse.NotSupported;

        public IReadOnlyList<MissedKeyCount> ReadMissedKeys() => [];
    }
}
