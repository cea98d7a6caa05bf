using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Layout;

/// <summary><c>struct bpf_devmap_val</c> as it is read: with a program <b>id</b>. What is written is <see cref="bpf_devmap_val_write"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct bpf_devmap_val_read
{
    public uint ifindex;

    /// <summary>0 for none.</summary>
    public uint bpf_prog_id;
}
