using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Native;

/// <summary>
/// libbpf 1.x, calls on BPF objects. An object owns its maps, its programs and the descriptors that the <c>__fd</c>
/// functions return. A function that returns a pointer gives null and sets errno on failure.
/// </summary>
internal static unsafe partial class Libbpf
{
    /// <summary>Returns an object that the caller owns. The caller may free the memory afterwards.</summary>
    [LibraryImport(Library, SetLastError = true)]
    public static partial nint bpf_object__open_mem(byte* elf, nuint size, bpf_object_open_opts* opts);

    [LibraryImport(Library)]
    public static partial int bpf_object__load(BpfObjectHandle obj);

    /// <summary>Frees the object with its maps, programs and descriptors. Pins stay.</summary>
    [LibraryImport(Library)]
    public static partial void bpf_object__close(nint obj);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint bpf_object__find_map_by_name(BpfObjectHandle obj, string name);

    /// <summary>Returns the program after <paramref name="previous"/>, the first one for 0, and 0 at the end.</summary>
    [LibraryImport(Library)]
    public static partial nint bpf_object__next_program(BpfObjectHandle obj, nint previous);

    /// <summary>Returns a string that the program owns.</summary>
    [LibraryImport(Library)]
    public static partial byte* bpf_program__name(nint program);

    [LibraryImport(Library)]
    public static partial int bpf_program__set_autoload(nint program, [MarshalAs(UnmanagedType.U1)] bool autoload);

    [LibraryImport(Library)]
    public static partial int bpf_program__set_expected_attach_type(nint program, uint type);

    /// <summary>The buffer must stay valid until the object is loaded.</summary>
    [LibraryImport(Library)]
    public static partial int bpf_program__set_log_buf(nint program, byte* buffer, nuint size);

    [LibraryImport(Library)]
    public static partial int bpf_program__fd(nint program);

    [LibraryImport(Library)]
    public static partial int bpf_map__fd(nint map);

    /// <summary>Duplicates the descriptor. The original stays the caller's.</summary>
    [LibraryImport(Library)]
    public static partial int bpf_map__reuse_fd(nint map, FileDescriptor fd);

    [LibraryImport(Library)]
    public static partial int bpf_map__set_max_entries(nint map, uint maxEntries);

    /// <summary>Copies the value. Returns -EINVAL unless the size is exactly the map's value size.</summary>
    [LibraryImport(Library)]
    public static partial int bpf_map__set_initial_value(nint map, void* value, nuint size);
}
