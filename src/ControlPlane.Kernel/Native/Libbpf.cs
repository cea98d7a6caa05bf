using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Native;

/// <summary>
/// libbpf 1.x, calls on descriptors. A function that returns int gives -errno on failure and 0 on success, unless its
/// summary says otherwise. The other part holds the calls on BPF objects.
/// </summary>
internal static unsafe partial class Libbpf
{
    public const string Library = "libbpf.so.1";

    /// <summary>Returns a static string, which nobody frees.</summary>
    [LibraryImport(Library)]
    public static partial byte* libbpf_version_string();

    /// <summary>Returns the previous callback. Any thread that calls libbpf can call the new one.</summary>
    [LibraryImport(Library)]
    public static partial nint libbpf_set_print(delegate* unmanaged<int, byte*, nint, int> callback);

    /// <summary>Returns the number of possible CPUs: the number of values in an element of a per-CPU map.</summary>
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

    /// <summary>Returns -ENOENT at the end. A null or unknown key gives the first key.</summary>
    [LibraryImport(Library)]
    public static partial int bpf_map_get_next_key(FileDescriptor map, void* key, void* next);

    /// <summary>
    /// Fills keys and values, starting at the opaque position <paramref name="from"/> (null: the start), and writes the next
    /// position to <paramref name="to"/>. Returns -ENOENT with the last batch.
    /// </summary>
    [LibraryImport(Library)]
    public static partial int bpf_map_lookup_batch(FileDescriptor map, void* from, void* to, void* keys, void* values, uint* count, void* opts);

    /// <summary>Pins an object. The pin holds its own reference.</summary>
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int bpf_obj_pin(FileDescriptor fd, string path);

    /// <summary>Returns a descriptor, which the caller owns.</summary>
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int bpf_obj_get_opts(string path, bpf_obj_get_opts* opts);

    /// <summary>Fills at most <paramref name="length"/> bytes of a struct. The struct must match the kind of the descriptor.</summary>
    [LibraryImport(Library)]
    public static partial int bpf_obj_get_info_by_fd(FileDescriptor fd, void* info, uint* length);

    /// <summary>Returns a descriptor, which the caller owns. The last descriptor of a link that is not pinned detaches the program when it closes.</summary>
    [LibraryImport(Library)]
    public static partial int bpf_link_create(FileDescriptor program, int target, uint attachType, bpf_link_create_opts* opts);

    /// <summary>Replaces the program in one step, without losing a frame. Returns -ENOLINK if the device no longer exists.</summary>
    [LibraryImport(Library)]
    public static partial int bpf_link_update(FileDescriptor link, FileDescriptor program, void* opts);

    /// <summary>Detaches at once and leaves a dead link.</summary>
    [LibraryImport(Library)]
    public static partial int bpf_link_detach(FileDescriptor link);

    [LibraryImport(Library)]
    public static partial int bpf_prog_test_run_opts(FileDescriptor program, bpf_test_run_opts* opts);

    /// <summary>
    /// Returns a descriptor, which the caller owns and which holds the attachment. The name is null for a BTF tracepoint
    /// program, which carries the name itself.
    /// </summary>
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int bpf_raw_tracepoint_open(string? name, FileDescriptor program);
}
