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
/// what a crash has cut off is finished at the next start.
/// </summary>
internal static unsafe class RedirectUpgrade
{
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Run(DevmapDefinition definition, DevmapPins pins, ILogger logger)
    {
        if (File.Exists(pins.NextRedirect))
            Finish(pins);
        using var built = Load(pins);
        using var pinned = Pin.OpenProgram(pins.Redirect);
        var (from, to) = (BpfInfo.OfProgram(pinned), BpfInfo.OfProgram(built));
        // The tag is a hash of the instructions as they were given to the kernel, but for the maps they use.
        if (new ReadOnlySpan<byte>(from.tag, 8).SequenceEqual(new ReadOnlySpan<byte>(to.tag, 8)))
            return;
        Swap(pins, built);
        KernelLog.RedirectUpgraded(logger, definition.Name, from.id, to.id);
    }

    /// <summary>Has every link run this program, and pins it as the devmap's.</summary>
    internal static void Swap(DevmapPins pins, FileDescriptor program)
    {
        Pin.Make(program, pins.NextRedirect);
        Finish(pins);
    }

    /// <summary>Loads an object's redirect program over the maps that are pinned.</summary>
    internal static FileDescriptor Load(DevmapPins pins, BpfObject program)
    {
        foreach (var (name, path) in new[]
        {
            (".rodata", pins.Config), ("slot", pins.Slot), ("counters", pins.Counters), ("totals", pins.Totals),
        })
        {
            using var map = Pin.OpenMap(path, BpfConstants.BPF_F_RDONLY);
            program.ReuseMap(name, map);
        }

        program.Load(DevmapCreation.Program);
        return program.OpenProgram(DevmapCreation.Program);
    }

    private static FileDescriptor Load(DevmapPins pins)
    {
        using var program = BpfObject.OpenEmbedded("redirect.bpf.o");
        return Load(pins, program);
    }

    private static void Finish(DevmapPins pins)
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

        File.Move(pins.NextRedirect, pins.Redirect, overwrite: true);
    }
}
