namespace ControlPlane.Kernel.Programs;

/// <summary>What both kernels hold true of a frame that a dry run gets.</summary>
internal static class EgressFrame
{
    /// <summary>An Ethernet header: the kernel refuses to run XDP programs on less (<c>ETH_HLEN</c>).</summary>
    public const int MinLength = 14;
}
