using Devmapd.V1;
using Grpc.Core;

namespace ControlPlane.EndToEndTests.Support;

/// <summary>Writes thousands of entries by unary gRPC calls, many at a time.</summary>
internal static class ManyEntries
{
    private static readonly ParallelOptions AtOnce = new() { MaxDegreeOfParallelism = 128 };

    /// <summary>Returns the address with a number, in 10.0.0.0/8.</summary>
    public static string Key(int number) => $"10.{(number >> 16) & 255}.{(number >> 8) & 255}.{number & 255}";

    public static Task PutAsync(ChannelBase channel, int count, Func<int, string> target)
    {
        var daemon = new DevmapService.DevmapServiceClient(channel);
        return Parallel.ForAsync(0, count, AtOnce, async (n, cancellation) => await daemon.PutEntryAsync(
            new() { Devmap = Testbed.ByAddress, Key = Key(n), Spec = new() { Interface = target(n) } }, cancellationToken: cancellation));
    }

    public static Task DeleteAsync(ChannelBase channel, int count)
    {
        var daemon = new DevmapService.DevmapServiceClient(channel);
        return Parallel.ForAsync(0, count, AtOnce, async (n, cancellation) => await daemon.DeleteEntryAsync(
            new() { Devmap = Testbed.ByAddress, Key = Key(n) }, cancellationToken: cancellation));
    }
}
