using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.Kernel.Drops;

/// <summary>The programs on the kernel's XDP tracepoints. Loads, attaches and pins all of them or none.</summary>
internal static class DropPrograms
{
    private const string Resource = "drops.bpf.o";

    /// <summary>The programs of the object by tracepoint.</summary>
    private static readonly (string Tracepoint, string Program)[] s_programs =
    [
        ("xdp_redirect_err", "devmapd_err"), ("xdp_devmap_xmit", "devmapd_xmit"), ("xdp_exception", "devmapd_except"),
    ];

    /// <summary>Returns all pins of the drop counters, links included.</summary>
    public static IEnumerable<string> AllPins(DropPins pins) => [.. pins.Objects, .. s_programs.Select(p => pins.Link(p.Tracepoint))];

    /// <summary>Returns the settings of this build for the network namespace of the calling thread.</summary>
    public static devmapd_drops_config Config() => new()
    {
        magic = DevmapdConstants.DEVMAPD_MAGIC,
        version = DevmapdConstants.DEVMAPD_VERSION,
        kind = devmapd_kind.Drops,
        netns = NetworkNamespaceInode(),
        build = BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(BpfObject.Embedded(Resource))),
    };

    /// <summary>Returns whether all pins exist and the programs run with exactly these settings.</summary>
    public static bool ArePinned(DropPins pins, devmapd_drops_config config) =>
        Directory.Exists(pins.Folder) && Pin.HasConfig(pins.Config, devmapd_kind.Drops, config) && AllPins(pins).All(File.Exists);

    /// <summary>Loads, attaches and pins the programs.</summary>
    /// <exception cref="KernelException">The kernel refused. Nothing is left behind.</exception>
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

            foreach (var (tracepoint, name) in s_programs)
            {
                using var program = obj.OpenProgram(name);
                using var link = FileDescriptor.FromLibbpf(
                    KernelCall.Retry(() => Libbpf.bpf_raw_tracepoint_open(null, program)), $"bpf_raw_tracepoint_open({tracepoint})");
                Pin.Make(link, staged.Link(tracepoint));
            }
        });
    }

    /// <summary>Opens all pins. The caller owns the descriptors.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static IEnumerable<HeldPin> Hold(DropPins pins) =>
    [
        .. pins.Objects.Select(path => new HeldPin(pins.Folder, path, Pin.OpenMap(path, BpfConstants.BPF_F_RDONLY))),
        .. s_programs.Select(p => new HeldPin(pins.Folder, pins.Link(p.Tracepoint), Pin.OpenLink(pins.Link(p.Tracepoint)))),
    ];

    /// <summary>Returns the kernel's <c>ns.inum</c>, from <c>net:[4026531840]</c>.</summary>
    private static uint NetworkNamespaceInode() =>
        uint.Parse(new FileInfo("/proc/thread-self/ns/net").LinkTarget!.AsSpan()["net:[".Length..^1], NumberStyles.None, CultureInfo.InvariantCulture);
}
