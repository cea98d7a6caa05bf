using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Kernel.Devmaps;

/// <summary>
/// The tcx program of a devmap: an object of its own over the same maps. It is made beside a devmap that has none, and replaced where
/// the pinned one is of another build or has other settings. Where the host shows a program what is at the egress of a target, it is
/// one that hands frames to the peers of targets directly.
/// </summary>
internal static class TcxProgram
{
    /// <summary>The program that judges a target for a test run, beside the one that redirects.</summary>
    private const string Judge = "devmapd_peer";

    private const string ToPeers = "to_peers";

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
        redirect_peer = definition.Spec.RedirectPeer == RedirectPeer.Auto ? 1u : 0u,
    };

    /// <summary>Makes the pinned program that of this build and these settings. For kernels that have tcx.</summary>
    /// <returns>The program that judges targets, which is not pinned; null if no frame goes to a peer directly.</returns>
    /// <exception cref="ControlPlaneException">A pin is not ours.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static FileDescriptor? Ensure(DevmapRecord definition, DevmapPins pins, ILogger logger)
    {
        if (File.Exists(DevmapPins.Next(pins.Tcx)))
            Finish(pins);
        var config = ConfigOf(definition);
        using var built = LoadBest(definition.Name, pins, ref config, logger);
        if (!IsPinned(pins, built, config))
        {
            Stage(pins, built, config);
            Finish(pins);
        }

        return config.redirect_peer == 0 ? null : built.OpenProgram(Judge);
    }

    /// <summary>Loads the program. Without what it takes to judge targets, frames go through all of them.</summary>
    private static BpfObject LoadBest(string devmap, DevmapPins pins, ref devmapd_tcx_config config, ILogger logger)
    {
        try
        {
            return Load(pins, config);
        }
        catch (KernelException e) when (config.redirect_peer != 0)
        {
            KernelLog.NoPeerRedirect(logger, devmap, e.Message);
            config.redirect_peer = 0;
            return Load(pins, config);
        }
    }

    /// <summary>Loads the program with its own config, over the pinned maps.</summary>
    /// <param name="pins">The pins of the devmap.</param>
    /// <param name="config">The settings, as the host allows them.</param>
    /// <param name="prefix">The prefix of the name of another build of the same program.</param>
    /// <param name="reuse">Gives it the maps that only the other build has.</param>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static BpfObject Load(DevmapPins pins, devmapd_tcx_config config, string prefix = "", Action<BpfObject>? reuse = null)
    {
        var toPeers = config.redirect_peer != 0;
        var built = BpfObject.OpenEmbedded(prefix + (toPeers ? "tcx_peer.bpf.o" : "tcx.bpf.o"));
        try
        {
            built.SetConfig(config);
            reuse?.Invoke(built);
            foreach (var (name, path) in PinnedPrograms.Maps(pins))
                PinnedPrograms.Reuse(built, name, path);
            if (toPeers)
                PinnedPrograms.Reuse(built, ToPeers, pins.ToPeers);
            var redirect = RedirectPrograms.FunctionOf(RedirectProgram.Tcx);
            built.Load(toPeers ? [redirect, Judge] : [redirect]);
            return built;
        }
        catch
        {
            built.Dispose();
            throw;
        }
    }

    private static bool IsPinned(DevmapPins pins, BpfObject built, devmapd_tcx_config config) =>
        File.Exists(pins.Tcx) && File.Exists(pins.TcxConfig) && (config.redirect_peer == 0 || File.Exists(pins.ToPeers))
        && Pin.HasConfig(pins.TcxConfig, devmapd_kind.Tcx, config) && PinnedPrograms.IsSame(pins, built, RedirectProgram.Tcx) && Uses(pins, pins.Slots) && Uses(pins, pins.Counts(0));

    /// <summary>Pins the new program. The pin of the program itself comes last: from then on each start goes on with it.</summary>
    private static void Stage(DevmapPins pins, BpfObject built, devmapd_tcx_config settings)
    {
        if (settings.redirect_peer != 0 && !File.Exists(pins.ToPeers))
        {
            using var toPeers = built.OpenMap(ToPeers);
            Pin.Make(toPeers, pins.ToPeers);
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
        PinnedPrograms.SwitchLinks(pins, info => info.type == TcxConstants.BPF_LINK_TYPE_TCX ? DevmapPins.Next(pins.Tcx) : null);
        if (File.Exists(DevmapPins.Next(pins.TcxConfig)))
            File.Move(DevmapPins.Next(pins.TcxConfig), pins.TcxConfig, overwrite: true);
        File.Move(DevmapPins.Next(pins.Tcx), pins.Tcx, overwrite: true);
    }

    // A program over the maps of a devmap that is no more counts for another one.
    private static bool Uses(DevmapPins pins, string path)
    {
        using var program = Pin.OpenProgram(pins.Tcx);
        using var map = Pin.OpenMap(path, BpfConstants.BPF_F_RDONLY);
        return BpfInfo.MapsOf(program).Contains(BpfInfo.OfMap(map).id);
    }
}
