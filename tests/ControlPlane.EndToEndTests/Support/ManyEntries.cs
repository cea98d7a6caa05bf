using ControlPlane.Client;

namespace ControlPlane.EndToEndTests.Support;

/// <summary>Writes thousands of entries by unary gRPC calls, many at a time.</summary>
internal static class ManyEntries
{
    private static readonly ParallelOptions AtOnce = new() { MaxDegreeOfParallelism = 128 };

    /// <summary>Returns the address with a number, in 10.0.0.0/8.</summary>
    public static string Key(int number) => $"10.{(number >> 16) & 255}.{(number >> 8) & 255}.{number & 255}";

    public static Task PutAsync(DevmapdClient client, int count, Func<int, string> target) => Parallel.ForAsync(0, count, AtOnce, async (n, cancellation) =>
        await client.PutEntryAsync(Testbed.ByAddress, Key(n), new() { Interface = target(n) }, cancellationToken: cancellation));

    public static Task DeleteAsync(DevmapdClient client, int count) => Parallel.ForAsync(0, count, AtOnce, async (n, cancellation) =>
        await client.DeleteEntryAsync(Testbed.ByAddress, Key(n), cancellationToken: cancellation));
}
