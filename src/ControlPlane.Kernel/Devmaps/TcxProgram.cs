using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.Kernel.Devmaps;

/// <summary>
/// The tcx program of a devmap: an object of its own over the same maps. It is made beside a devmap that has none, and replaced where
/// the pinned one is of another build or has other settings.
/// </summary>
internal static unsafe class TcxProgram
{
    private static readonly (string Name, Func<DevmapPins, string> Path)[] _maps =
        [("slot", p => p.Slot), ("counters", p => p.Counters), ("totals", p => p.Totals), ("missed", p => p.Missed), ("more_totals", p => p.MoreTotals), ("peers", p => p.Peers)];

    /// <summary>Returns the settings of the program of a devmap.</summary>
    public static devmapd_tcx_config ConfigOf(DevmapRecord definition) => new()
    {
        magic = DevmapdConstants.DEVMAPD_MAGIC,
        version = DevmapdConstants.DEVMAPD_VERSION,
        kind = devmapd_kind.Tcx,
        selector = DevmapCreation.ConfigOf(definition).selector,
        miss_action = (uint)definition.Spec.MissAction,
        counters = definition.Spec.Counters ? 1u : 0u,
        egress_programs = definition.Spec.ValueSize == sizeof(uint) ? 0u : 1u,
    };

    /// <summary>Makes the pinned program that of this build and these settings. For kernels that have tcx.</summary>
    /// <exception cref="ControlPlaneException">A pin is not ours.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Ensure(DevmapRecord definition, DevmapPins pins)
    {
        if (File.Exists(DevmapPins.Next(pins.Tcx)))
            Finish(pins);
        var config = ConfigOf(definition);
        using var built = BpfObject.OpenEmbedded("tcx.bpf.o");
        Load(pins, built, config);
        if (File.Exists(pins.Tcx) && File.Exists(pins.TcxConfig) && Pin.HasConfig(pins.TcxConfig, devmapd_kind.Tcx, config) && IsSame(pins, built))
            return;
        Stage(pins, built);
        Finish(pins);
    }

    /// <summary>Loads the program over the pinned maps.</summary>
    internal static void Load(DevmapPins pins, BpfObject built, devmapd_tcx_config config)
    {
        built.SetConfig(config);
        foreach (var (name, path) in _maps.Select(m => (m.Name, m.Path(pins))).Where(m => File.Exists(m.Item2)))
        {
            using var map = Pin.OpenMap(path, BpfConstants.BPF_F_RDONLY);
            built.ReuseMap(name, map);
        }

        built.Load(RedirectPrograms.FunctionOf(RedirectProgram.Tcx));
    }

    /// <summary>Pins the new program. The pin of the program itself comes last: from then on each start goes on with it.</summary>
    private static void Stage(DevmapPins pins, BpfObject built)
    {
        if (!File.Exists(pins.Peers))
        {
            using var peers = built.OpenMap("peers");
            Pin.Make(peers, pins.Peers);
        }

        File.Delete(DevmapPins.Next(pins.TcxConfig));
        using var config = built.OpenMap(".rodata");
        using var program = built.OpenProgram(RedirectPrograms.FunctionOf(RedirectProgram.Tcx));
        Pin.Make(config, DevmapPins.Next(pins.TcxConfig));
        Pin.Make(program, DevmapPins.Next(pins.Tcx));
    }

    /// <summary>Switches all tcx links to the staged program, each in one step, and makes it the program of the devmap.</summary>
    private static void Finish(DevmapPins pins)
    {
        using var program = Pin.OpenProgram(DevmapPins.Next(pins.Tcx));
        foreach (var path in Directory.GetFiles(pins.Links))
        {
            using var link = Pin.OpenLink(path);
            var info = BpfInfo.OfLink(link);
            if (info.xdp_ifindex == 0 || info.type != TcxConstants.BPF_LINK_TYPE_TCX)
                continue;
            var result = KernelCall.Retry(() => Libbpf.bpf_link_update(link, program, null));
            // The device was removed a moment ago. The link is dead, and is made again when the device returns.
            if (result != -Errno.ENOLINK)
                KernelCall.Check(result, $"bpf_link_update({path})");
        }

        if (File.Exists(DevmapPins.Next(pins.TcxConfig)))
            File.Move(DevmapPins.Next(pins.TcxConfig), pins.TcxConfig, overwrite: true);
        File.Move(DevmapPins.Next(pins.Tcx), pins.Tcx, overwrite: true);
    }

    private static bool IsSame(DevmapPins pins, BpfObject built)
    {
        using var program = built.OpenProgram(RedirectPrograms.FunctionOf(RedirectProgram.Tcx));
        using var pinned = Pin.OpenProgram(pins.Tcx);
        using var slot = Pin.OpenMap(pins.Slot, BpfConstants.BPF_F_RDONLY);
        var (from, to) = (BpfInfo.OfProgram(pinned), BpfInfo.OfProgram(program));
        return new ReadOnlySpan<byte>(from.tag, 8).SequenceEqual(new ReadOnlySpan<byte>(to.tag, 8))
            && BpfInfo.MapsOf(pinned).Contains(BpfInfo.OfMap(slot).id);
    }
}
