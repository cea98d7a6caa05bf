using ControlPlane.Core.Model;
using ControlPlane.Core.State;

namespace ControlPlane.UnitTests.Core;

/// <summary>Tables are immutable, and a batch copies only what it touches.</summary>
public sealed class EntryTableTests
{
    private const uint Capacity = 1 << 20;

    [Fact]
    public void Freeze_AfterOneChange_SharesEveryOtherLeaf()
    {
        var builder = Filled(100_000);
        var before = builder.Freeze();
        builder.Replace(before.Find(7u), Entry(7, "sim1"));
        var after = builder.Freeze();

        var (shared, leaves) = after.SharedWith(before);
        Assert.Equal(leaves - 1, shared);
        Assert.Equal(("sim0", "sim1"), (before.Find(7u)!.Record.Spec.Interface, after.Find(7u)!.Record.Spec.Interface));
    }

    [Fact]
    public void Freeze_NothingChanged_IsTheSameTable()
    {
        var builder = Filled(10);
        Assert.Same(builder.Freeze(), builder.Freeze());
    }

    [Fact]
    public void Replace_OneEntryOfAMillion_AllocatesLittle()
    {
        var builder = Filled(200_000);
        builder.Freeze();
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0u; i < 100; i++)
        {
            builder.Replace(builder.Find(i * 1000), Entry(i * 1000, "sim1"));
            builder.Freeze();
        }

        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - allocated) / 100, 0, 8192);
    }

    [Fact]
    public void Tables_RandomChanges_EachKeepsWhatItHad()
    {
        var random = new Random(1);
        var builder = new EntryTable(200).ToBuilder();
        var expected = new Dictionary<uint, string>();
        var tables = new List<(EntryTable Table, Dictionary<uint, string> Expected)>();
        for (var i = 0; i < 5_000; i++)
        {
            var key = (uint)random.Next(600);
            if (random.Next(3) == 0)
            {
                if (builder.Find(key) is { } there)
                    builder.Replace(there, null);
                expected.Remove(key);
            }
            else
            {
                builder.Replace(builder.Find(key), Entry(key, $"sim{i}"));
                expected[key] = $"sim{i}";
            }

            if (random.Next(10) == 0)
                tables.Add((builder.Freeze(), new Dictionary<uint, string>(expected)));
        }

        Assert.All(tables, t =>
        {
            Assert.Equal(t.Expected.Count, t.Table.Count);
            Assert.Equal(t.Expected.OrderBy(e => e.Key), t.Table.All().Select(e => KeyValuePair.Create(e.KernelKey!.Value, e.Record.Spec.Interface)).OrderBy(e => e.Key));
            Assert.All(t.Expected, e => Assert.Equal(e.Value, t.Table.Find(e.Key)!.Record.Spec.Interface));
        });
    }

    [Fact]
    public void Named_AreInOrderAndFollowTheirKernelKeys()
    {
        var builder = new EntryTable(64).ToBuilder();
        var (b, a) = (Named("b", 2), Named("a", null));
        builder.Replace(null, b);
        builder.Replace(null, a);
        var before = builder.Freeze();
        builder.Replace(b, Named("b", 66));
        var after = builder.Freeze();

        Assert.Equal(["a", "b"], after.Named().Select(e => e.Record.Key.InterfaceName!));
        Assert.Equal((null, 66u), (after.Find(2u), after.Find(66u)!.KernelKey!.Value));
        Assert.Equal((2u, null), (before.Find(2u)!.KernelKey!.Value, before.Find(66u)));
        Assert.Equal(2, after.Count);
    }

    private static EntryTable.Builder Filled(uint count)
    {
        var builder = new EntryTable(Capacity).ToBuilder();
        for (var key = 0u; key < count; key++)
            builder.Replace(null, Entry(key, "sim0"));
        return builder;
    }

    private static PlacedEntry Entry(uint key, string target) =>
        new(new EntryRecord("d", EntryKey.OfNumber(key), new EntrySpec(target), 1, default, default), key);

    private static PlacedEntry Named(string name, uint? key) =>
        new(new EntryRecord("d", EntryKey.OfInterface(name), new EntrySpec("sim0"), 1, default, default), key);
}
