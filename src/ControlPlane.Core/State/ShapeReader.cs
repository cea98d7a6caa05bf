using System.Buffers.Binary;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.State;

/// <summary>Reads the shape of a devmap off its table, which is hashed as the kernel's; nothing is asked of the kernel.</summary>
internal static class ShapeReader
{
    /// <summary>The shape now.</summary>
    public static DevmapShape Read(EntryTable table)
    {
        var (entries, used, longest, over8, sumOfSquares) = (0, 0, 0, 0, 0.0);
        uint? longestKey = null;
        for (var i = 0; i < table.BucketCount; i++)
        {
            var length = table.Bucket(i).Length;
            if (length == 0)
                continue;
            entries += length;
            used++;
            over8 += length > DevmapShape.LongChain ? 1 : 0;
            sumOfSquares += (double)length * length;
            if (length <= longest)
                continue;
            (longest, longestKey) = (length, table.Bucket(i)[0].KernelKey);
        }

        return new DevmapShape(
            entries, table.BucketCount, used, longest, over8, longestKey,
            (8L * table.BucketCount) + (64L * entries),
            DevmapShape.LookupCost(longest),
            DevmapShape.BroadcastCost(entries, table.BucketCount),
            DevmapShape.WalkCost(entries, sumOfSquares))
        {
            LooksByteSwapped = longest > DevmapShape.LongChain && LongestChainSwapped(table) * 4 <= longest,
        };
    }

    /// <summary>Returns the condition that the shape implies for the devmap.</summary>
    public static Condition Judge(DevmapShape shape)
    {
        if (shape.LongestChain <= DevmapShape.LongChain)
            return ConditionTypes.KeysSpread.True("ChainsShort", $"No bucket of the kernel's hash has more than {DevmapShape.LongChain} entries.");
        var cost = $"{shape.LongestChain} entries share one bucket of the kernel's hash, {shape.ChainsOver8} buckets have more than {DevmapShape.LongChain}; a frame for the last of them waits about {shape.LongestLookupNs:0} ns longer.";
        return shape.LooksByteSwapped
            ? ConditionTypes.KeysSpread.False(
                "KeysByteSwapped",
                cost + " The keys look like numbers in network byte order.",
                CommonRemedies.UseHostByteOrder())
            : ConditionTypes.KeysSpread.False(
                "KeysCollide",
                cost + " The kernel does not mix keys: those that agree in their low bits collide.",
                CommonRemedies.SpreadKeys());
    }

    private static int LongestChainSwapped(EntryTable table)
    {
        var lengths = new int[table.BucketCount];
        var longest = 0;
        for (var i = 0; i < table.BucketCount; i++)
        {
            foreach (var entry in table.Bucket(i))
                longest = Math.Max(longest, ++lengths[table.BucketOf(BinaryPrimitives.ReverseEndianness(entry.KernelKey!.Value))]);
        }

        return longest;
    }
}
