using ControlPlane.Core.Devmaps;
using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Layout;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Pins;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Kernel.Devmaps;

/// <summary>
/// Puts this build's redirect program in the place of the one that is pinned, if they differ, over the same maps and without losing a
/// frame: each link is switched over by the kernel in one step. The new one is pinned beside the old one until all links run it, so
/// what a crash has cut off is finished at the next start. A map that only the new one knows is made and stays.
/// </summary>
internal static unsafe class RedirectUpgrade
{
    /// <summary>Finishes what a crash has cut off.</summary>
    /// <exception cref="ControlPlaneException">The devmap is none of ours.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Recover(DevmapPins pins)
    {
        if (File.Exists(pins.NextRedirect))
        {
            Pin.RequireMark(pins.Config, devmapd_kind.Redirect);
            Finish(pins);
        }
        else
        {
            File.Delete(pins.NextConfig);
        }
    }

    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Run(DevmapDefinition definition, DevmapPins pins, ILogger logger)
    {
        var config = DevmapCreation.ConfigOf(definition);
        using var built = BpfObject.OpenEmbedded("redirect.bpf.o");
        Load(pins, built, config);
        using var program = built.OpenProgram(DevmapCreation.Program);
        using var pinned = Pin.OpenProgram(pins.Redirect);
        var (from, to) = (BpfInfo.OfProgram(pinned), BpfInfo.OfProgram(program));
        // The tag is a hash of the instructions as they were given to the kernel, but for the maps they use.
        if (new ReadOnlySpan<byte>(from.tag, 8).SequenceEqual(new ReadOnlySpan<byte>(to.tag, 8))
            && Pin.HasConfig(pins.Config, devmapd_kind.Redirect, config))
            return;
        Stage(pins, built);
        Finish(pins);
        KernelLog.RedirectUpgraded(logger, definition.Name, from.id, to.id);
    }

    /// <summary>Loads an object's redirect program over the maps that are pinned, with a config of its own.</summary>
    internal static void Load(DevmapPins pins, BpfObject built, devmapd_redirect_config config)
    {
        built.SetConfig(config);
        foreach (var (name, path) in new[]
        {
            ("slot", pins.Slot), ("counters", pins.Counters), ("totals", pins.Totals), ("missed", pins.Missed),
        })
        {
            if (!File.Exists(path))
                continue;
            using var map = Pin.OpenMap(path, BpfConstants.BPF_F_RDONLY);
            built.ReuseMap(name, map);
        }

        built.Load(DevmapCreation.Program);
    }

    /// <summary>Pins what is loaded beside what runs. The program comes last: with it the upgrade is decided.</summary>
    internal static void Stage(DevmapPins pins, BpfObject loaded)
    {
        if (!File.Exists(pins.Missed))
        {
            using var missed = loaded.OpenMap("missed");
            Pin.Make(missed, pins.Missed);
        }

        using var config = loaded.OpenMap(".rodata");
        using var program = loaded.OpenProgram(DevmapCreation.Program);
        Pin.Make(config, pins.NextConfig);
        Pin.Make(program, pins.NextRedirect);
    }

    /// <summary>Has every link run the program that is staged, and makes it the devmap's.</summary>
    internal static void Finish(DevmapPins pins)
    {
        using var program = Pin.OpenProgram(pins.NextRedirect);
        var id = BpfInfo.OfProgram(program).id;
        foreach (var path in Directory.GetFiles(pins.Links))
        {
            using var link = Pin.OpenLink(path);
            var info = BpfInfo.OfLink(link);
            if (info.prog_id == id || info.xdp_ifindex == 0)
                continue;
            var result = KernelCall.Retry(() => Libbpf.bpf_link_update(link, program, null));
            // Its device has gone this moment; then it is as dead as those above, and made anew with the device.
            if (result != -Errno.ENOLINK)
                KernelCall.Check(result, $"bpf_link_update({path})");
        }

        // The program last: as long as it is not in its place, the next start comes here again.
        if (File.Exists(pins.NextConfig))
            File.Move(pins.NextConfig, pins.Config, overwrite: true);
        File.Move(pins.NextRedirect, pins.Redirect, overwrite: true);
    }
}
