using System.Runtime.InteropServices;
using ControlPlane.Kernel.Layout;

namespace ControlPlane.Kernel.Native;

/// <summary>
/// libbpf 1.x, calls on descriptors. Those that return int give -errno on failure and, unless said otherwise, 0 on success.
/// Objects are in the other part.
/// </summary>
internal static unsafe partial class Libbpf
{
    public const string Library = "libbpf.so.1";

    /// <summary>A static string: never freed.</summary>
    [LibraryImport(Library)]
    public static partial byte* libbpf_version_string();

    /// <summary>Returns the callback that was set before. The new one may be called from any thread that calls libbpf.</summary>
    [LibraryImport(Library)]
    public static partial nint libbpf_set_print(delegate* unmanaged<int, byte*, nint, int> callback);

    /// <summary>The number of possible CPUs: how many values an element of a per-CPU map has.</summary>
    [LibraryImport(Library)]
    public static partial int libbpf_num_possible_cpus();

    /// <summary>Returns a descriptor, which the caller owns.</summary>
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int bpf_map_create(uint type, string name, uint keySize, uint valueSize, uint maxEntries, bpf_map_create_opts* opts);

    /// <summary>Returns a descriptor, which the caller owns.</summary>
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int bpf_prog_load(uint type, string name, string license, bpf_insn* instructions, nuint count, bpf_prog_load_opts* opts);

    [LibraryImport(Library)]
    public static partial int bpf_map_update_elem(FileDescriptor map, void* key, void* value, ulong flags);

    [LibraryImport(Library)]
    public static partial int bpf_map_lookup_elem(FileDescriptor map, void* key, void* value);

    [LibraryImport(Library)]
    public static partial int bpf_map_delete_elem(FileDescriptor map, void* key);

    /// <summary>-ENOENT at the end; a null or unknown key gives the first.</summary>
    [LibraryImport(Library)]
    public static partial int bpf_map_get_next_key(FileDescriptor map, void* key, void* next);

    /// <summary>
    /// Fills keys and values from where the opaque <paramref name="from"/> says (null: from the start) and tells in
    /// <paramref name="to"/> where to go on; -ENOENT with the last ones.
    /// </summary>
    [LibraryImport(Library)]
    public static partial int bpf_map_lookup_batch(FileDescriptor map, void* from, void* to, void* keys, void* values, uint* count, void* opts);

    /// <summary>The pin holds a reference of its own.</summary>
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int bpf_obj_pin(FileDescriptor fd, string path);

    /// <summary>Returns a descriptor, which the caller owns.</summary>
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int bpf_obj_get_opts(string path, bpf_obj_get_opts* opts);

    /// <summary>Fills at most <paramref name="length"/> bytes of a struct that must fit what the descriptor is.</summary>
    [LibraryImport(Library)]
    public static partial int bpf_obj_get_info_by_fd(FileDescriptor fd, void* info, uint* length);

    /// <summary>Returns a descriptor, which the caller owns; the program is detached with the last one, unless it is pinned.</summary>
    [LibraryImport(Library)]
    public static partial int bpf_link_create(FileDescriptor program, int target, uint attachType, bpf_link_create_opts* opts);

    /// <summary>Replaces the program in one step that no frame can fall into; -ENOLINK when the device is gone.</summary>
    [LibraryImport(Library)]
    public static partial int bpf_link_update(FileDescriptor link, FileDescriptor program, void* opts);

    /// <summary>Detaches at once and leaves a dead link.</summary>
    [LibraryImport(Library)]
    public static partial int bpf_link_detach(FileDescriptor link);

    [LibraryImport(Library)]
    public static partial int bpf_prog_test_run_opts(FileDescriptor program, bpf_test_run_opts* opts);

    /// <summary>
    /// Returns a descriptor, which the caller owns and which holds the attachment. The name is null for a BTF tracepoint program,
    /// which knows it.
    /// </summary>
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int bpf_raw_tracepoint_open(string? name, FileDescriptor program);
}
