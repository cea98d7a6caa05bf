using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Kernel.Ids;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Kernel.Devmaps;

/// <summary>
/// Replaces the pinned redirect programs by those of this build, if they differ. The maps stay, and no frame is lost: the
/// kernel switches each link in one step. The new programs are pinned beside the old ones until all links run them, so the next start
/// finishes an upgrade that a crash has interrupted. The upgrade creates maps that only the new programs know. Programs with other settings are
/// replaced in the same way.
/// </summary>
internal static class RedirectUpgrade
{
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
            if (Directory.Exists(pins.NextCountsFolder))
                Directory.Delete(pins.NextCountsFolder, recursive: true);
        }
    }

    /// <summary>Upgrades the redirect programs, unless the pinned ones are the same.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Run(DevmapRecord definition, DevmapPins pins, ILogger logger)
    {
        var config = DevmapCreation.ConfigOf(definition);
        var version = Pin.ReadConfig<devmapd_redirect_config>(pins.Config, devmapd_kind.Redirect).version;
        if (version < DevmapPins.FirstWithIds)
            EntryMaps.Add(definition, pins);
        else if (version < DevmapPins.FirstWithActions)
            EntryMaps.AddActions(definition, pins);
        if (version is >= DevmapPins.FirstWithIds and < DevmapPins.FirstWithRoom)
            EntryMaps.AddRoom(definition, pins);
        EntryMaps.MakeRoomToCount(definition, pins);
        using var built = BpfObject.OpenEmbedded("redirect.bpf.o");
        Load(pins, built, config, RedirectPrograms.Xdp);
        if (Pin.HasConfig(pins.Config, devmapd_kind.Redirect, config) && RedirectPrograms.Xdp.All(p => PinnedPrograms.IsSame(pins, built, p)))
            return;
        var from = IdOf(pins.Redirect);
        Stage(pins, built, RedirectPrograms.Xdp);
        Finish(pins);
        var to = IdOf(pins.Redirect);
        KernelLog.RedirectUpgraded(logger, definition.Name, from, to);
    }

    /// <summary>Takes over the counts of a build that counted by key, once none of its programs runs any more.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void TakeOverCounts(DevmapPins pins, EntryIds? ids, Slots slots)
    {
        if (ids is not null && File.Exists(pins.OldCounters))
        {
            slots.WaitForPrograms();
            using var counters = Pin.OpenMap(pins.OldCounters, BpfConstants.BPF_F_RDONLY);
            foreach (var (key, counted) in BpfMap.ReadPerCpu<uint, devmapd_counter, (uint, devmapd_counter)>(
                counters, "counters by key", static (key, values) => (key, PerCpuCounter.Sum(values, static c => c))))
                ids.CountOn(key, counted);
        }

        // While these exist, the next start does the same again, and before the first write.
        foreach (var pin in pins.OfOldVersions)
            File.Delete(pin);
    }

    /// <summary>Loads redirect programs of an object with its own config, over the pinned maps.</summary>
    internal static void Load<TConfig>(DevmapPins pins, BpfObject built, TConfig config, IReadOnlyList<RedirectProgram> programs)
        where TConfig : unmanaged
    {
        built.SetConfig(config);
        foreach (var (name, path) in PinnedPrograms.Maps(pins))
            PinnedPrograms.Reuse(built, name, PinnedPrograms.Latest(pins, path));
        built.Load([.. programs.Select(RedirectPrograms.FunctionOf)]);
    }

    /// <summary>Pins the loaded programs beside the running ones. The last pin decides the upgrade.</summary>
    internal static void Stage(DevmapPins pins, BpfObject loaded, IReadOnlyList<RedirectProgram> programs)
    {
        foreach (var (name, path) in PinnedPrograms.Maps(pins).Where(m => !File.Exists(m.Path)))
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
        PinnedPrograms.SwitchLinks(pins, info => info.type == TcxConstants.BPF_LINK_TYPE_TCX ? null : Staged(pins, info.prog_id));

        EntryMaps.FinishRoomToCount(pins);
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

    private static uint IdOf(string path)
    {
        using var program = Pin.OpenProgram(path);
        return BpfInfo.OfProgram(program).id;
    }
}
