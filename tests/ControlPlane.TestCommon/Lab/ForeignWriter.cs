using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.TestCommon.Lab;

/// <summary>Changes a devmap as somebody else could who may open its pins.</summary>
public static class ForeignWriter
{
    /// <summary>Writes an element.</summary>
    /// <param name="space">Where the interface is: the kernel resolves the index in the namespace of the caller.</param>
    /// <param name="devmapPins">The folder of the devmap's pins.</param>
    /// <param name="key">The key.</param>
    /// <param name="ifindex">The target.</param>
    /// <param name="programPin">The egress program's pin; null for none.</param>
    public static void Write(NetworkNamespace space, string devmapPins, uint key, uint ifindex, string? programPin = null)
    {
        using var map = Pin.OpenMap(Path.Combine(devmapPins, "active"), BpfConstants.BPF_F_WRONLY);
        using var program = programPin is null ? null : Pin.OpenProgram(programPin);
        KernelCall.Check(
            space.Run(() => BpfMap.Update(map, key, new bpf_devmap_val_write { ifindex = ifindex, bpf_prog_fd = program?.Number ?? 0 })),
            "bpf_map_update_elem");
    }
}
