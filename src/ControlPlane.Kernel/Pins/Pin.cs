using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Layout;
using ControlPlane.Kernel.Native;

namespace ControlPlane.Kernel.Pins;

/// <summary>Pinning, and opening what is pinned.</summary>
internal static unsafe class Pin
{
    private const int MaxConfigSize = 4096;

    /// <exception cref="KernelException">The kernel refused; EEXIST when the path is taken.</exception>
    public static void Make(FileDescriptor fd, string path) =>
        KernelCall.Check(KernelCall.Retry(() => Libbpf.bpf_obj_pin(fd, path)), $"bpf_obj_pin({path})");

    /// <summary>Opens a pinned map for <c>BPF_F_RDONLY</c> or <c>BPF_F_WRONLY</c>, which the kernel holds the descriptor to.</summary>
    /// <exception cref="ControlPlaneException">Something else is pinned there.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static FileDescriptor OpenMap(string path, uint access) => Open(path, "anon_inode:bpf-map", "a map", access);

    /// <inheritdoc cref="OpenMap"/>
    public static FileDescriptor OpenProgram(string path) => Open(path, "anon_inode:bpf-prog", "a program", 0);

    /// <inheritdoc cref="OpenMap"/>
    public static FileDescriptor OpenLink(string path) => Open(path, "anon_inode:bpf-link", "a link", 0);

    /// <summary>Reads the config map of one of our objects, of any version of the layout since the oldest that is still understood.</summary>
    /// <exception cref="ControlPlaneException">It is none of ours.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static TConfig ReadConfig<TConfig>(string path, devmapd_kind kind) where TConfig : unmanaged
    {
        using var map = OpenMap(path, BpfConstants.BPF_F_RDONLY);
        var info = BpfInfo.OfMap(map);
        if (info.type != BpfConstants.BPF_MAP_TYPE_ARRAY || info.key_size != sizeof(uint) || info.value_size != sizeof(TConfig))
            throw Foreign(path, "it is not a config map of devmapd");
        KernelCall.Check(BpfMap.Lookup<TConfig>(map, 0, out var config), $"bpf_map_lookup_elem({path})");
        // Every config begins with magic, version and kind.
        var head = (uint*)&config;
        if (head[0] != BpfConstants.DEVMAPD_MAGIC || head[2] != (uint)kind)
            throw Foreign(path, "it does not carry devmapd's mark");
        return head[1] is >= BpfConstants.DEVMAPD_OLDEST_VERSION and <= BpfConstants.DEVMAPD_VERSION
            ? config
            : throw Foreign(path, $"it was made by another version of devmapd (layout {head[1]}, understood are {BpfConstants.DEVMAPD_OLDEST_VERSION} to {BpfConstants.DEVMAPD_VERSION})");
    }

    /// <summary>Whether a config map of ours, of whichever version of the layout, holds exactly this.</summary>
    /// <exception cref="ControlPlaneException">It is none of ours.</exception>
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

    /// <summary>Throws unless the config map of this path says that what lies beside it is ours, of whichever version of the layout.</summary>
    /// <exception cref="ControlPlaneException">It is none of ours.</exception>
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
        if (value[0] != BpfConstants.DEVMAPD_MAGIC || value[2] != (uint)kind)
            throw Foreign(path, "it does not carry devmapd's mark");
    }

    /// <summary>The error for a pin that is not ours, or not of a version we can work with.</summary>
    public static ControlPlaneException Foreign(string path, string why) => new(new Error(
        ErrorCode.KernelFailure,
        $"What is pinned at {path} cannot be adopted: {why}.")
    {
        Remedy = $"Choose another ControlPlane:PinRoot, or remove what is not needed: rm -r {Path.GetDirectoryName(path)}",
    });

    private static FileDescriptor Open(string path, string kind, string wanted, uint access)
    {
        var fd = FileDescriptor.FromLibbpf(
            KernelCall.Retry(() =>
            {
                var opts = new bpf_obj_get_opts { sz = (nuint)sizeof(bpf_obj_get_opts), file_flags = access };
                return Libbpf.bpf_obj_get_opts(path, &opts);
            }),
            $"bpf_obj_get({path})");
        var found = fd.Kind;
        if (found.Contains(kind, StringComparison.Ordinal))
            return fd;
        fd.Dispose();
        throw Foreign(path, $"it is not {wanted} but {found}");
    }
}
