using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Layout;

/// <summary><c>struct bpf_prog_info</c>, linux/bpf.h, as far as it is read; the kernel fills as much as it is told.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct bpf_prog_info
{
    public uint type;
    public uint id;
    public fixed byte tag[8];
    public uint jited_prog_len;
    public uint xlated_prog_len;
    public ulong jited_prog_insns;
    public ulong xlated_prog_insns;
    public ulong load_time;
    public uint created_by_uid;

    /// <summary>In: how many ids there is room for. Out: how many maps the program uses.</summary>
    public uint nr_map_ids;

    /// <summary>Address of the array for the ids.</summary>
    public ulong map_ids;
    public fixed byte name[16];
}
