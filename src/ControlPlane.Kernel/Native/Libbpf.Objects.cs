using System.Runtime.InteropServices;
using ControlPlane.Kernel.Layout;

namespace ControlPlane.Kernel.Native;

/// <summary>
/// libbpf 1.x, BPF objects. Maps and programs are lent by their object and die with it; so are the descriptors that the
/// <c>__fd</c> functions give. Functions that return a pointer give null with errno on failure.
/// </summary>
internal static unsafe partial class Libbpf
{
    /// <summary>Gives an object that the caller owns. The memory may go afterwards.</summary>
    [LibraryImport(Library, SetLastError = true)]
    public static partial nint bpf_object__open_mem(byte* elf, nuint size, bpf_object_open_opts* opts);

    [LibraryImport(Library)]
    public static partial int bpf_object__load(BpfObject obj);

    /// <summary>Frees the object with its maps, programs and descriptors; what is pinned stays.</summary>
    [LibraryImport(Library)]
    public static partial void bpf_object__close(nint obj);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint bpf_object__find_map_by_name(BpfObject obj, string name);

    /// <summary>The program after <paramref name="previous"/>, the first for 0; 0 at the end.</summary>
    [LibraryImport(Library)]
    public static partial nint bpf_object__next_program(BpfObject obj, nint previous);

    /// <summary>Lent by the program.</summary>
    [LibraryImport(Library)]
    public static partial byte* bpf_program__name(nint program);

    [LibraryImport(Library)]
    public static partial int bpf_program__set_autoload(nint program, [MarshalAs(UnmanagedType.U1)] bool autoload);

    [LibraryImport(Library)]
    public static partial int bpf_program__set_expected_attach_type(nint program, uint type);

    /// <summary>The buffer must live until the object is loaded.</summary>
    [LibraryImport(Library)]
    public static partial int bpf_program__set_log_buf(nint program, byte* buffer, nuint size);

    [LibraryImport(Library)]
    public static partial int bpf_program__fd(nint program);

    [LibraryImport(Library)]
    public static partial int bpf_map__fd(nint map);

    /// <summary>Takes a duplicate of the descriptor, which stays the caller's.</summary>
    [LibraryImport(Library)]
    public static partial int bpf_map__reuse_fd(nint map, FileDescriptor fd);

    [LibraryImport(Library)]
    public static partial int bpf_map__set_max_entries(nint map, uint maxEntries);

    /// <summary>Copies; -EINVAL unless the size is exactly the map's value size.</summary>
    [LibraryImport(Library)]
    public static partial int bpf_map__set_initial_value(nint map, void* value, nuint size);
}
