using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Netlink;

namespace ControlPlane.Kernel.Hosting;

/// <summary>The flag that makes an interface promiscuous, for the end of a daemon that does not start again.</summary>
public static class PromiscuousFlag
{
    /// <summary>Clears the flag of the interface with this index. Returns the name of the interface; null if it does not exist or has no such flag.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static string? Clear(uint ifindex)
    {
        using var links = new LinkQueries(asksNetdev: false);
        if (links.Query(ifindex) is not { HasPromiscuousFlag: true } device)
            return null;
        links.SetPromiscuous(ifindex, promiscuous: false);
        return device.Name;
    }
}
