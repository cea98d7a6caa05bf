using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Layout;

/// <summary><c>struct bpf_devmap_val</c> as it is written: with a program <b>fd</b>. What is read is <see cref="bpf_devmap_val_read"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct bpf_devmap_val_write
{
    public uint ifindex;

    /// <summary>Greater than 0; anything else is "no program" to the kernel.</summary>
    public int bpf_prog_fd;
}
