using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ControlPlane.Kernel.Devmaps;
using ControlPlane.Kernel.Ids;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.TestCommon.Lab;

/// <summary>Redirect programs of builds that are not this one: the same source for another BPF machine, which comes to other instructions, or an older source.</summary>
public static class OtherBuild
{
    private const string SampleMiss = "\t\t\tsample_miss(key);\n";
    private const string OldSources = "tests/ControlPlane.TestCommon/Lab/Layout3";
    private const string SourcesWithoutActions = "tests/ControlPlane.TestCommon/Lab/Layout4";
    private const uint FirstWithMissedKeys = 2;
    private const uint FirstWithCompletion = 3;

    private static readonly ConcurrentDictionary<(string Source, bool SamplesMisses), byte[]> Compiled = new();

    /// <summary>Has a devmap run the programs of another build of this layout version, and gives the program id.</summary>
    /// <param name="devmapPins">The folder of the devmap's pins.</param>
    /// <param name="finish">If not, it is as a crash would leave it before the first link was switched over.</param>
    public static uint Run(string devmapPins, bool finish)
    {
        var pins = new DevmapPins(devmapPins);
        using var other = Open("bpf/redirect.bpf.c");
        RedirectUpgrade.Load(pins, other, ConfigOf(pins), RedirectPrograms.Xdp);
        RedirectUpgrade.Stage(pins, other, RedirectPrograms.Xdp);
        if (finish)
            RedirectUpgrade.Finish(pins);
        using var program = other.OpenProgram(RedirectPrograms.FunctionOf(RedirectProgram.Plain));
        return BpfInfo.OfProgram(program).id;
    }

    /// <summary>Makes the pins of a devmap, whose entries never had actions, those of a build of layout version 4.</summary>
    /// <param name="devmapPins">The folder of the devmap's pins.</param>
    public static void RunWithoutActions(string devmapPins)
    {
        const uint Version = 4;
        var pins = new DevmapPins(devmapPins);
        using var old = Open($"{SourcesWithoutActions}/redirect.bpf.c");
        var config = ConfigOf(pins) with { version = Version };
        // The last member is younger.
        LoadOver(pins, old, MemoryMarshal.Cast<devmapd_redirect_config, ConfigOfLayout4>(MemoryMarshal.CreateReadOnlySpan(ref config, 1))[0], [.. RedirectPrograms.Xdp.Select(RedirectPrograms.FunctionOf)]);
        RedirectUpgrade.Stage(pins, old, RedirectPrograms.Xdp);
        RedirectUpgrade.Finish(pins);
        if (File.Exists(pins.Tcx))
        {
            var settings = Pin.ReadConfig<devmapd_tcx_config>(pins.TcxConfig, devmapd_kind.Tcx) with { version = Version, redirect_peer = 0 };
            using var tcx = Open($"{SourcesWithoutActions}/tcx.bpf.c");
            LoadOver(pins, tcx, settings, RedirectPrograms.FunctionOf(RedirectProgram.Tcx));
            ReplaceTcx(pins, tcx);
        }

        foreach (var pin in pins.ActionMaps)
            File.Delete(pin);
        if (Directory.Exists(pins.ActionsFolder))
            Directory.Delete(pins.ActionsFolder, recursive: true);
    }

    /// <summary>Makes the pins of a devmap, whose counts are lost, those of a build that counted by key, and gives the id of its program.</summary>
    /// <param name="devmapPins">The folder of the devmap's pins.</param>
    /// <param name="version">The layout version: 1 had no map of missed keys, 2 no program that completes checksums and none for tcx.</param>
    public static uint RunOld(string devmapPins, uint version)
    {
        var pins = new DevmapPins(devmapPins);
        using var active = Pin.OpenMap(pins.Active, BpfConstants.BPF_F_RDONLY);
        using var slot = BpfMap.Create(
            BpfConstants.BPF_MAP_TYPE_ARRAY_OF_MAPS, "slot", sizeof(uint), 1, new bpf_map_create_opts { inner_map_fd = (uint)active.Number });
        KernelCall.Check(BpfMap.Update(slot, 0, active.Number), "bpf_map_update_elem(slot)");
        Pin.Make(slot, pins.OldSlot);
        using var old = Open($"{OldSources}/redirect.bpf.c", samplesMisses: version >= FirstWithMissedKeys);
        old.SetMaxEntries("counters", BpfInfo.OfMap(active).max_entries);
        IReadOnlyList<RedirectProgram> programs = version < FirstWithCompletion ? [RedirectProgram.Plain] : RedirectPrograms.Xdp;
        Load(pins, old, ConfigOf(pins) with { version = version }, [.. programs.Select(RedirectPrograms.FunctionOf)]);
        using (var counters = old.OpenMap("counters"))
            Pin.Make(counters, pins.OldCounters);
        RedirectUpgrade.Stage(pins, old, programs);
        if (version < FirstWithCompletion)
            File.Delete(pins.Complete);
        RedirectUpgrade.Finish(pins);
        RunOldTcx(pins, version);
        foreach (var pin in pins.ExistingCounts.Concat(pins.Objects.Where(p => pins.SinceVersion(p) > version)).Where(File.Exists).ToArray())
            File.Delete(pin);
        Directory.Delete(pins.CountsFolder);
        using var program = old.OpenProgram(RedirectPrograms.FunctionOf(RedirectProgram.Plain));
        return BpfInfo.OfProgram(program).id;
    }

    private static void RunOldTcx(DevmapPins pins, uint version)
    {
        if (!File.Exists(pins.Tcx))
            return;
        var config = Pin.ReadConfig<devmapd_tcx_config>(pins.TcxConfig, devmapd_kind.Tcx);
        using var old = Open($"{OldSources}/tcx.bpf.c");
        Load(pins, old, config with { version = version, redirect_peer = 0 }, RedirectPrograms.FunctionOf(RedirectProgram.Tcx));
        ReplaceTcx(pins, old);
        if (version >= FirstWithCompletion)
            return;
        File.Delete(pins.TcxConfig);
        File.Delete(pins.Tcx);
    }

    private static void ReplaceTcx(DevmapPins pins, BpfObject old)
    {
        using var program = old.OpenProgram(RedirectPrograms.FunctionOf(RedirectProgram.Tcx));
        using var settings = old.OpenMap(".rodata");
        foreach (var pin in new[] { pins.TcxConfig, pins.Tcx })
            File.Delete(pin);
        Pin.Make(settings, pins.TcxConfig);
        Pin.Make(program, pins.Tcx);
        PinnedPrograms.SwitchLinks(pins, link => link.type == TcxConstants.BPF_LINK_TYPE_TCX ? pins.Tcx : null);
    }

    private static void LoadOver<TConfig>(DevmapPins pins, BpfObject old, TConfig config, params string[] programs)
        where TConfig : unmanaged
    {
        old.SetConfig(config);
        foreach (var (name, path) in EntryMaps.Reused(pins).Concat([("totals", pins.Totals), ("missed", pins.Missed), ("more_totals", pins.MoreTotals)]))
            PinnedPrograms.Reuse(old, name, path);
        old.Load(programs);
    }

    private static devmapd_redirect_config ConfigOf(DevmapPins pins) => Pin.ReadConfig<devmapd_redirect_config>(pins.Config, devmapd_kind.Redirect);

    private static void Load<TConfig>(DevmapPins pins, BpfObject old, TConfig config, params string[] programs)
        where TConfig : unmanaged
    {
        old.SetConfig(config);
        foreach (var (name, path) in new[] { ("slot", pins.OldSlot), ("counters", pins.OldCounters), ("totals", pins.Totals), ("missed", pins.Missed), ("more_totals", pins.MoreTotals) })
            PinnedPrograms.Reuse(old, name, path);
        old.Load(programs);
    }

    private static BpfObject Open(string source, bool samplesMisses = true) =>
        BpfObject.Open(Compiled.GetOrAdd((source, samplesMisses), static s => Compile(s.Source, s.SamplesMisses)), "programs of another build");

    private static byte[] Compile(string path, bool samplesMisses)
    {
        var folder = Directory.CreateTempSubdirectory();
        var (source, file) = (Path.Combine(folder.FullName, Path.GetFileName(path)), Path.Combine(folder.FullName, "other.o"));
        var text = File.ReadAllText(Repository.PathOf(path));
        if (!samplesMisses && !text.Contains(SampleMiss, StringComparison.Ordinal))
            throw new InvalidOperationException("the redirect program does not sample missed keys as it did");
        File.WriteAllText(source, samplesMisses ? text : text.Replace(SampleMiss, "", StringComparison.Ordinal));
        Shell.Run(
            "clang", "-O2", "-g", "-target", "bpf", "-mcpu=v3", "-idirafter", $"/usr/include/{Shell.Run("uname", "-m").Trim()}-linux-gnu",
            "-I", Repository.PathOf(Path.GetDirectoryName(path)!), "-I", Repository.PathOf("bpf"), "-c", source, "-o", file);
        var other = File.ReadAllBytes(file);
        folder.Delete(recursive: true);
        return other;
    }

    [InlineArray(7)]
    private struct ConfigOfLayout4
    {
        private uint _member;
    }
}
