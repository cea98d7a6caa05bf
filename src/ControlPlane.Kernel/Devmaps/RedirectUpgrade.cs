using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Kernel.Devmaps;

/// <summary>
/// Replaces the pinned redirect programs by those of this build, if they differ. The maps stay, and no frame is lost: the
/// kernel switches each link in one step. The new programs are pinned beside the old ones until all links run them, so the next start
/// finishes an upgrade that a crash has interrupted. The upgrade creates maps that only the new programs know.
/// </summary>
internal static unsafe class RedirectUpgrade
{
    /// <summary>The maps that the programs of all builds can share.</summary>
    private static readonly (string Name, Func<DevmapPins, string> Path)[] _maps =
        [("slot", p => p.Slot), ("counters", p => p.Counters), ("totals", p => p.Totals), ("missed", p => p.Missed), ("more_totals", p => p.MoreTotals)];

    /// <summary>Finishes an interrupted upgrade.</summary>
    /// <exception cref="ControlPlaneException">The devmap is not ours.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Recover(DevmapPins pins)
    {
        if (File.Exists(DevmapPins.Next(pins.Redirect)))
        {
            Pin.RequireMark(pins.Config, devmapd_kind.Redirect);
            Finish(pins);
        }
        else
        {
            foreach (var pin in pins.Upgrade)
                File.Delete(pin);
        }
    }

    /// <summary>Upgrades the redirect programs, unless the pinned ones are the same.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Run(DevmapRecord definition, DevmapPins pins, ILogger logger)
    {
        var config = DevmapCreation.ConfigOf(definition);
        using var built = BpfObject.OpenEmbedded("redirect.bpf.o");
        Load(pins, built, config, RedirectPrograms.Xdp);
        if (Pin.HasConfig(pins.Config, devmapd_kind.Redirect, config) && RedirectPrograms.Xdp.All(p => IsSame(pins, built, p)))
            return;
        var from = IdOf(pins.Redirect);
        Stage(pins, built, RedirectPrograms.Xdp);
        Finish(pins);
        var to = IdOf(pins.Redirect);
        KernelLog.RedirectUpgraded(logger, definition.Name, from, to);
    }

    /// <summary>Loads redirect programs of an object with its own config, over the pinned maps.</summary>
    internal static void Load<TConfig>(DevmapPins pins, BpfObject built, TConfig config, IReadOnlyList<RedirectProgram> programs)
        where TConfig : unmanaged
    {
        built.SetConfig(config);
        foreach (var (name, path) in _maps.Select(m => (m.Name, m.Path(pins))).Where(m => File.Exists(m.Item2)))
        {
            using var map = Pin.OpenMap(path, BpfConstants.BPF_F_RDONLY);
            built.ReuseMap(name, map);
        }

        built.Load([.. programs.Select(RedirectPrograms.FunctionOf)]);
    }

    /// <summary>Pins the loaded programs beside the running ones. The last pin decides the upgrade.</summary>
    internal static void Stage(DevmapPins pins, BpfObject loaded, IReadOnlyList<RedirectProgram> programs)
    {
        foreach (var (name, path) in _maps.Select(m => (m.Name, m.Path(pins))).Where(m => !File.Exists(m.Item2)))
        {
            using var map = loaded.OpenMap(name);
            Pin.Make(map, path);
        }

        using var config = loaded.OpenMap(".rodata");
        Pin.Make(config, pins.NextConfig);
        foreach (var variant in programs)
        {
            using var program = loaded.OpenProgram(RedirectPrograms.FunctionOf(variant));
            Pin.Make(program, DevmapPins.Next(pins.Program(variant)));
        }
    }

    /// <summary>Switches all links to the staged programs and makes them the programs of the devmap.</summary>
    internal static void Finish(DevmapPins pins)
    {
        foreach (var path in Directory.GetFiles(pins.Links))
        {
            using var link = Pin.OpenLink(path);
            var info = BpfInfo.OfLink(link);
            if (info.xdp_ifindex == 0 || info.type == TcxConstants.BPF_LINK_TYPE_TCX)
                continue;
            using var program = Pin.OpenProgram(Staged(pins, info.prog_id));
            if (info.prog_id == BpfInfo.OfProgram(program).id)
                continue;
            var result = KernelCall.Retry(() => Libbpf.bpf_link_update(link, program, null));
            // The device was removed a moment ago. The link is dead, and is made again when the device returns.
            if (result != -Errno.ENOLINK)
                KernelCall.Check(result, $"bpf_link_update({path})");
        }

        // The program that decides comes last: until it is in place, the next start repeats this.
        if (File.Exists(pins.NextConfig))
            File.Move(pins.NextConfig, pins.Config, overwrite: true);
        foreach (var path in RedirectPrograms.Xdp.Select(pins.Program).Where(p => File.Exists(DevmapPins.Next(p))))
            File.Move(DevmapPins.Next(path), path, overwrite: true);
    }

    /// <summary>Returns the path of the program that takes the place of the one with this id: the same one of the new build.</summary>
    private static string Staged(DevmapPins pins, uint programId)
    {
        var path = pins.Redirect;
        foreach (var pin in RedirectPrograms.Xdp.Select(pins.Program))
        {
            if ((File.Exists(pin) && IdOf(pin) == programId) || (File.Exists(DevmapPins.Next(pin)) && IdOf(DevmapPins.Next(pin)) == programId))
                path = pin;
        }

        return File.Exists(DevmapPins.Next(path)) ? DevmapPins.Next(path) : path;
    }

    private static bool IsSame(DevmapPins pins, BpfObject built, RedirectProgram variant)
    {
        using var program = built.OpenProgram(RedirectPrograms.FunctionOf(variant));
        using var pinned = Pin.OpenProgram(pins.Program(variant));
        // The tag is a hash of the instructions as the kernel received them, without the maps that they use.
        var (from, to) = (BpfInfo.OfProgram(pinned), BpfInfo.OfProgram(program));
        return new ReadOnlySpan<byte>(from.tag, 8).SequenceEqual(new ReadOnlySpan<byte>(to.tag, 8));
    }

    private static uint IdOf(string path)
    {
        using var program = Pin.OpenProgram(path);
        return BpfInfo.OfProgram(program).id;
    }
}
