using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Kernel.Devmaps;

/// <summary>
/// Replaces a pinned redirect program by the program of this build, if they differ. The maps stay, and no frame is lost: the
/// kernel switches each link in one step. The new program is pinned beside the old one until all links run it, so the next start
/// finishes an upgrade that a crash has interrupted. The upgrade creates maps that only the new program knows.
/// </summary>
internal static unsafe class RedirectUpgrade
{
    /// <summary>Finishes an interrupted upgrade.</summary>
    /// <exception cref="ControlPlaneException">The devmap is not ours.</exception>
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

    /// <summary>Upgrades the redirect program, unless the pinned one is the same.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Run(DevmapRecord definition, DevmapPins pins, ILogger logger)
    {
        var config = DevmapCreation.ConfigOf(definition);
        using var built = BpfObject.OpenEmbedded("redirect.bpf.o");
        Load(pins, built, config);
        using var program = built.OpenProgram(DevmapCreation.Program);
        using var pinned = Pin.OpenProgram(pins.Redirect);
        var (from, to) = (BpfInfo.OfProgram(pinned), BpfInfo.OfProgram(program));
        // The tag is a hash of the instructions as the kernel received them, without the maps that they use.
        if (new ReadOnlySpan<byte>(from.tag, 8).SequenceEqual(new ReadOnlySpan<byte>(to.tag, 8))
            && Pin.HasConfig(pins.Config, devmapd_kind.Redirect, config))
            return;
        Stage(pins, built);
        Finish(pins);
        KernelLog.RedirectUpgraded(logger, definition.Name, from.id, to.id);
    }

    /// <summary>Loads the redirect program of an object with its own config, over the pinned maps.</summary>
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

    /// <summary>Pins the loaded program beside the running one. The pin of the program comes last: it decides the upgrade.</summary>
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

    /// <summary>Switches all links to the staged program and makes it the program of the devmap.</summary>
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
            // The device was removed a moment ago. The link is dead, and is made again when the device returns.
            if (result != -Errno.ENOLINK)
                KernelCall.Check(result, $"bpf_link_update({path})");
        }

        // The program comes last: until it is in place, the next start repeats this.
        if (File.Exists(pins.NextConfig))
            File.Move(pins.NextConfig, pins.Config, overwrite: true);
        File.Move(pins.NextRedirect, pins.Redirect, overwrite: true);
    }
}
