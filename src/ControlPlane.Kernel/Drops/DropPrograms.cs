using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Layout;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Pins;

namespace ControlPlane.Kernel.Drops;

/// <summary>The programs on the kernel's XDP tracepoints: loads, attaches and pins them, all or none.</summary>
internal static class DropPrograms
{
    private const string Resource = "drops.bpf.o";

    /// <summary>Each program of the object by its tracepoint.</summary>
    private static readonly (string Tracepoint, string Program)[] s_programs =
    [
        ("xdp_redirect_err", "devmapd_err"), ("xdp_devmap_xmit", "devmapd_xmit"), ("xdp_exception", "devmapd_except"),
    ];

    /// <summary>The tracepoints, after which the links are named.</summary>
    public static IEnumerable<string> Tracepoints => s_programs.Select(p => p.Tracepoint);

    /// <summary>The settings of this build in the calling thread's network namespace.</summary>
    public static devmapd_drops_config Config() => new()
    {
        magic = BpfConstants.DEVMAPD_MAGIC,
        version = BpfConstants.DEVMAPD_VERSION,
        kind = devmapd_kind.Drops,
        netns = NetworkNamespaceInode(),
        build = BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(BpfObject.Embedded(Resource))),
    };

    /// <exception cref="KernelException">The kernel refused; nothing is left behind.</exception>
    public static void Create(DropPins pins, devmapd_drops_config config)
    {
        using var obj = BpfObject.OpenEmbedded(Resource);
        obj.SetConfig(config);
        obj.Load([.. s_programs.Select(p => p.Program)]);
        PinFolder.Publish(pins.Folder, folder =>
        {
            var staged = new DropPins(folder);
            foreach (var (map, path) in new[]
            {
                (".rodata", staged.Config), ("devmaps", staged.Devmaps), ("redirect_errors", staged.RedirectErrors),
                ("transmit_drops", staged.TransmitDrops), ("exceptions", staged.Exceptions),
            })
            {
                using var fd = obj.OpenMap(map);
                Pin.Make(fd, path);
            }

            foreach (var ((tracepoint, name), path) in s_programs.Zip(staged.Links))
            {
                using var program = obj.OpenProgram(name);
                using var link = FileDescriptor.FromLibbpf(
                    KernelCall.Retry(() => Libbpf.bpf_raw_tracepoint_open(null, program)), $"bpf_raw_tracepoint_open({tracepoint})");
                Pin.Make(link, path);
            }
        });
    }

    /// <summary>The kernel's <c>ns.inum</c>: <c>net:[4026531840]</c>.</summary>
    private static uint NetworkNamespaceInode() =>
        uint.Parse(new FileInfo("/proc/thread-self/ns/net").LinkTarget!.AsSpan()["net:[".Length..^1], NumberStyles.None, CultureInfo.InvariantCulture);
}
