using ControlPlane.Core.Interfaces;

namespace ControlPlane.KernelTests;

/// <summary>A veth pair under names nobody else has, in the process's own namespace; both ends up.</summary>
internal sealed class VethPair : IDisposable
{
    private static int s_last;

    public VethPair(string? name = null)
    {
        var unique = $"{Environment.ProcessId}-{Interlocked.Increment(ref s_last)}";
        Name = name ?? $"ka{unique}";
        PeerName = $"kb{unique}";
        Shell.Run("ip", "link", "add", Name, "type", "veth", "peer", "name", PeerName);
        Shell.Run("ip", "link", "set", Name, "up");
        Shell.Run("ip", "link", "set", PeerName, "up");
    }

    public string Name { get; }

    public string PeerName { get; }

    public InterfaceInfo Info => new IpInterfaces().Query(Name)!;

    public InterfaceInfo PeerInfo => new IpInterfaces().Query(PeerName)!;

    public uint Ifindex => Info.Ifindex;

    public void Delete() => Shell.Run("ip", "link", "delete", Name);

    public void Dispose()
    {
        if (Directory.Exists($"/sys/class/net/{Name}"))
            Delete();
    }
}
