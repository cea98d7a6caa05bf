namespace ControlPlane.Kernel;

/// <summary>What the kernel layer is configured with.</summary>
public sealed record KernelOptions
{
    /// <summary>The folder of a bpffs under which everything is pinned; made if need be, mode 0700. One daemon per folder.</summary>
    public string PinRoot { get; init; } = "/sys/fs/bpf/devmapd";
}
