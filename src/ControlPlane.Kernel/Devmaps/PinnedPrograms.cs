using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Ids;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.Kernel.Devmaps;

/// <summary>The parts that replacing pinned programs of any kind has in common: the maps that stay, the comparison, and the switch of the links.</summary>
internal static unsafe class PinnedPrograms
{
    /// <summary>Returns the maps that the programs of all builds and modes share, and their pins. Some may not exist yet.</summary>
    public static IEnumerable<(string Name, string Path)> Maps(DevmapPins pins) =>
    [
        .. EntryMaps.Reused(pins), .. EntryMaps.ReusedForActions(pins), ("totals", pins.Totals), ("missed", pins.Missed), ("more_totals", pins.MoreTotals),
    ];

    /// <summary>Returns the pin of a map that an upgrade brings, if there is one, in the place of the pin of a map.</summary>
    public static string Latest(DevmapPins pins, string path)
    {
        var next = path == pins.Counts(0) ? pins.NextCounts(0) : DevmapPins.Next(path);
        return File.Exists(next) ? next : path;
    }

    /// <summary>Has an object use a pinned map in place of one of its own, if there is one.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Reuse(BpfObject built, string name, string path)
    {
        if (!File.Exists(path))
            return;
        using var map = Pin.OpenMap(path, BpfConstants.BPF_F_RDONLY);
        built.ReuseMap(name, map);
    }

    /// <summary>Whether the pinned program has the same instructions as that of an object that is loaded.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static bool IsSame(DevmapPins pins, BpfObject built, RedirectProgram variant)
    {
        using var program = built.OpenProgram(RedirectPrograms.FunctionOf(variant));
        using var pinned = Pin.OpenProgram(pins.Program(variant));
        // The tag is a hash of the instructions as the kernel received them, without the maps that they use.
        var (from, to) = (BpfInfo.OfProgram(pinned), BpfInfo.OfProgram(program));
        return new ReadOnlySpan<byte>(from.tag, 8).SequenceEqual(new ReadOnlySpan<byte>(to.tag, 8));
    }

    /// <summary>Switches links to other programs, each in one step (<c>bpf_link_update</c>), so that no frame is lost.</summary>
    /// <param name="pins">The pins of the devmap.</param>
    /// <param name="next">Returns the pin of the program that a link must run; null for a link to leave alone.</param>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void SwitchLinks(DevmapPins pins, Func<bpf_link_info, string?> next)
    {
        foreach (var path in Directory.GetFiles(pins.Links))
        {
            using var link = Pin.OpenLink(path);
            var info = BpfInfo.OfLink(link);
            if (info.xdp_ifindex == 0 || next(info) is not { } pin)
                continue;
            using var program = Pin.OpenProgram(pin);
            if (info.prog_id == BpfInfo.OfProgram(program).id)
                continue;
            var result = KernelCall.Retry(() => Libbpf.bpf_link_update(link, program, null));
            // The device was removed a moment ago. The link is dead, and is made again when the device returns.
            if (result != -Errno.ENOLINK)
                KernelCall.Check(result, $"bpf_link_update({path})");
        }
    }
}
