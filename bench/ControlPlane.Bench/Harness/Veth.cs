using System.Globalization;
using ControlPlane.Core.Ports;

namespace ControlPlane.Bench.Harness;

/// <summary>A veth in this network namespace whose peer takes frames, so that it can be a target.</summary>
internal static class Veth
{
    public const string Name = "bench0";

    public const string PeerName = "bench1";

    /// <summary>Another one, which would take frames but is down.</summary>
    public const string DownName = "bench2";

    /// <summary>Makes them where they are missing. The namespace, which is ours alone, takes it away.</summary>
    public static async Task EnsureAsync()
    {
        if (Directory.Exists($"/proc/sys/net/ipv4/conf/{Name}"))
            return;
        await Commands.RunAsync("ip", "link", "set", "dev", "lo", "up");
        await Commands.RunAsync("ip", "link", "add", "name", Name, "type", "veth", "peer", "name", PeerName);
        foreach (var end in new[] { Name, PeerName })
            await Commands.RunAsync("ip", "link", "set", "dev", end, "addrgenmode", "none", "up");
        await Commands.RunAsync("ethtool", "-K", PeerName, "gro", "on");
        await Commands.RunAsync("ip", "link", "add", "name", DownName, "type", "veth", "peer", "name", "bench3");
        await Commands.RunAsync("ethtool", "-K", "bench3", "gro", "on");
    }

    /// <summary>Its index, as text for the baselines.</summary>
    public static string IfindexText(IKernel kernel) => Ifindex(kernel).ToString(CultureInfo.InvariantCulture);

    /// <summary>Its index.</summary>
    public static uint Ifindex(IKernel kernel, string name = Name) =>
        kernel.Interfaces.Query(name)?.Ifindex ?? throw new InvalidOperationException($"there is no {name}");
}
