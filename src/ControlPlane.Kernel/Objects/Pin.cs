using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Native;

namespace ControlPlane.Kernel.Objects;

/// <summary>Pins objects, opens pins, and tells our pins from others by the mark in their config map.</summary>
internal static unsafe class Pin
{
    private const int MaxConfigSize = 4096;

    /// <summary>Pins an object.</summary>
    /// <exception cref="KernelException">The kernel refused: EEXIST if the path exists.</exception>
    public static void Make(FileDescriptor fd, string path) =>
        KernelCall.Check(KernelCall.Retry(() => Libbpf.bpf_obj_pin(fd, path)), $"bpf_obj_pin({path})");

    /// <summary>Opens a pinned map for <c>BPF_F_RDONLY</c> or <c>BPF_F_WRONLY</c>. The kernel enforces the access of the descriptor.</summary>
    /// <exception cref="ControlPlaneException">The pin is another kind of object.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static FileDescriptor OpenMap(string path, uint access) => Open(path, "anon_inode:bpf-map", "a map", access);

    /// <inheritdoc cref="OpenMap"/>
    public static FileDescriptor OpenProgram(string path) => Open(path, "anon_inode:bpf-prog", "a program", 0);

    /// <inheritdoc cref="OpenMap"/>
    public static FileDescriptor OpenLink(string path) => Open(path, "anon_inode:bpf-link", "a link", 0);

    /// <summary>Opens a pinned link of any type on an interface; null if the pin is another object.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static FileDescriptor? TryOpenLink(string path)
    {
        var fd = OpenAny(path, 0);
        if (fd.Kind.Contains("bpf-link", StringComparison.Ordinal)
            && BpfInfo.OfLink(fd).type is BpfConstants.BPF_LINK_TYPE_XDP or BpfConstants.BPF_LINK_TYPE_TCX)
        {
            return fd;
        }

        fd.Dispose();
        return null;
    }

    /// <summary>Reads the config map of one of our objects, of any supported layout version.</summary>
    /// <exception cref="ControlPlaneException">The pin is not ours.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static TConfig ReadConfig<TConfig>(string path, devmapd_kind kind) where TConfig : unmanaged
    {
        using var map = OpenMap(path, BpfConstants.BPF_F_RDONLY);
        var info = BpfInfo.OfMap(map);
        // Those of older versions lack the last members, which are zero then.
        if (info.type != BpfConstants.BPF_MAP_TYPE_ARRAY || info.key_size != sizeof(uint) || info.value_size > sizeof(TConfig) || info.value_size < 3 * sizeof(uint))
            throw Foreign(path, "it is not a config map of devmapd");
        KernelCall.Check(BpfMap.Lookup<TConfig>(map, 0, out var config), $"bpf_map_lookup_elem({path})");
        // Each config begins with magic, version and kind.
        var head = (uint*)&config;
        if (head[0] != DevmapdConstants.DEVMAPD_MAGIC || head[2] != (uint)kind)
            throw Foreign(path, "it does not carry devmapd's mark");
        return head[1] is >= DevmapdConstants.DEVMAPD_OLDEST_VERSION and <= DevmapdConstants.DEVMAPD_VERSION
            ? config
            : throw Foreign(path, $"another version of devmapd made it (layout {head[1]}; this version supports {DevmapdConstants.DEVMAPD_OLDEST_VERSION} to {DevmapdConstants.DEVMAPD_VERSION})");
    }

    /// <summary>Returns whether a config map of ours, of any layout version, holds exactly this config.</summary>
    /// <exception cref="ControlPlaneException">The pin is not ours.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static bool HasConfig<TConfig>(string path, devmapd_kind kind, TConfig config) where TConfig : unmanaged
    {
        RequireMark(path, kind);
        using var map = OpenMap(path, BpfConstants.BPF_F_RDONLY);
        if (BpfInfo.OfMap(map).value_size != sizeof(TConfig))
            return false;
        KernelCall.Check(BpfMap.Lookup<TConfig>(map, 0, out var pinned), $"bpf_map_lookup_elem({path})");
        return new ReadOnlySpan<byte>(&pinned, sizeof(TConfig)).SequenceEqual(new ReadOnlySpan<byte>(&config, sizeof(TConfig)));
    }

    /// <summary>Throws unless the config map at this path marks the pins beside it as ours, of any layout version.</summary>
    /// <exception cref="ControlPlaneException">The pin is not ours.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void RequireMark(string path, devmapd_kind kind)
    {
        if (!File.Exists(path))
            throw Foreign(path, "there is no config map of devmapd");
        using var map = OpenMap(path, BpfConstants.BPF_F_RDONLY);
        var info = BpfInfo.OfMap(map);
        if (info.type != BpfConstants.BPF_MAP_TYPE_ARRAY || info.key_size != sizeof(uint) || info.value_size is < 3 * sizeof(uint) or > MaxConfigSize)
            throw Foreign(path, "it is not a config map of devmapd");
        var value = stackalloc uint[MaxConfigSize / sizeof(uint)];
        var key = 0u;
        KernelCall.Check(Libbpf.bpf_map_lookup_elem(map, &key, value), $"bpf_map_lookup_elem({path})");
        if (value[0] != DevmapdConstants.DEVMAPD_MAGIC || value[2] != (uint)kind)
            throw Foreign(path, "it does not carry devmapd's mark");
    }

    /// <summary>Creates the error for a pin that is not ours, or of a layout version that is not supported.</summary>
    public static ControlPlaneException Foreign(string path, string why) => new(DevmapErrors.ForeignPin(path, why));

    private static FileDescriptor Open(string path, string kind, string expected, uint access)
    {
        var fd = OpenAny(path, access);
        var found = fd.Kind;
        if (found.Contains(kind, StringComparison.Ordinal))
            return fd;
        fd.Dispose();
        throw Foreign(path, $"it is not {expected} but {found}");
    }

    private static FileDescriptor OpenAny(string path, uint access) => FileDescriptor.FromLibbpf(
        KernelCall.Retry(() =>
        {
            var opts = new bpf_obj_get_opts { sz = (nuint)sizeof(bpf_obj_get_opts), file_flags = access };
            return Libbpf.bpf_obj_get_opts(path, &opts);
        }),
        $"bpf_obj_get({path})");
}
