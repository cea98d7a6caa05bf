using System.Diagnostics;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Netlink;
using ControlPlane.Kernel.Objects;
using static ControlPlane.Kernel.Native.Libc;
using static ControlPlane.Kernel.Native.NetlinkConstants;

namespace ControlPlane.Bench.Harness;

/// <summary>Sees an interface and what is written because of it arrive, from beside: whoever writes has no part in the measurement.</summary>
internal static class Arrival
{
    private const int DatagramBytes = 64 * 1024;
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(30);

    /// <summary>Makes a veth and gives the time from its RTM_NEWLINK, as a listener gets it, to the last of its entries in the map.</summary>
    /// <param name="interfaceName">Its name.</param>
    /// <param name="map">The map, with the keys <see cref="Devmaps.Key"/>; none of them may be there.</param>
    /// <param name="firstKey">The number of the first key.</param>
    /// <param name="entries">How many keys there are from that one on.</param>
    public static async Task<TimeSpan> MeasureAsync(string interfaceName, FileDescriptor map, uint firstKey, int entries)
    {
        using var links = new NetlinkSocket(NETLINK_ROUTE);
        links.Join(RTNLGRP_LINK);
        // Both are polled without a sleep, for a wake-up would cost what is measured; but whoever has work goes first, as there may
        // be as few as two CPUs.
        var arrival = Task.Factory.StartNew(() => Watch(links, interfaceName, map, firstKey, entries), TaskCreationOptions.LongRunning);
        await Commands.RunAsync("ip", "link", "add", "name", interfaceName, "up", "type", "veth", "peer", "name", interfaceName + "p");
        return await arrival;
    }

    private static TimeSpan Watch(NetlinkSocket links, string interfaceName, FileDescriptor map, uint firstKey, int entries)
    {
        var limit = Stopwatch.GetTimestamp();
        var buffer = new byte[DatagramBytes];
        while (!Tells(buffer.AsSpan(0, Math.Max(0, links.Receive(buffer, MSG_DONTWAIT))), interfaceName))
            RequireTime(limit);

        var start = Stopwatch.GetTimestamp();
        for (var i = 0u; i < entries; i++)
        {
            while (BpfMap.Lookup<bpf_devmap_val_read>(map, Devmaps.Key(firstKey + i), out _) != 0)
                RequireTime(limit);
        }

        return Stopwatch.GetElapsedTime(start);
    }

    private static bool Tells(ReadOnlySpan<byte> datagram, string interfaceName)
    {
        foreach (var message in new NetlinkMessages(datagram))
        {
            if (message.Type == RTM_NEWLINK && LinkMessage.Read(message)?.Name == interfaceName)
                return true;
        }

        return false;
    }

    private static void RequireTime(long limit)
    {
        Thread.Yield();
        if (Stopwatch.GetElapsedTime(limit) > _deadline)
            throw new InvalidOperationException("the entries do not arrive");
    }
}
