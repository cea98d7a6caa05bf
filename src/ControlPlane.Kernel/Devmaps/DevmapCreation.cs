using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Kernel.Ids;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.Kernel.Devmaps;

/// <summary>Creates the kernel objects of a devmap and pins all of them or none.</summary>
internal static class DevmapCreation
{
    /// <summary>Returns the settings of the redirect program of a devmap.</summary>
    public static devmapd_redirect_config ConfigOf(DevmapRecord definition) => new()
    {
        magic = DevmapdConstants.DEVMAPD_MAGIC,
        version = DevmapdConstants.DEVMAPD_VERSION,
        kind = devmapd_kind.Redirect,
        selector = definition.Spec.KeySelector.KernelValue,
        miss_action = (uint)definition.Spec.MissAction,
        counters = definition.Spec.Counters ? 1u : 0u,
        numa_node = (int?)definition.Spec.NumaNode ?? -1,
        egress_programs = definition.Spec.ValueSize == sizeof(uint) ? 0u : 1u,
    };

    /// <summary>Returns the map flags of a devmap.</summary>
    public static uint FlagsOf(DevmapRecord definition) => definition.Spec.NumaNode is null ? 0 : BpfConstants.BPF_F_NUMA_NODE;

    /// <summary>Creates and pins the objects of a devmap.</summary>
    /// <exception cref="KernelException">The kernel refused. Nothing is left behind.</exception>
    public static void Create(DevmapRecord definition, DevmapPins pins)
    {
        using var active = ElementMap.Create(definition);
        using var maps = EntryMaps.Create(definition, active);
        using var program = BpfObject.OpenEmbedded("redirect.bpf.o");
        program.SetConfig(ConfigOf(definition));
        foreach (var (name, map) in maps.Named)
            program.ReuseMap(name, map);
        program.Load([.. RedirectPrograms.Xdp.Select(RedirectPrograms.FunctionOf)]);

        using var totals = program.OpenMap("totals");
        using var missed = program.OpenMap("missed");
        using var moreTotals = program.OpenMap("more_totals");
        using var config = program.OpenMap(".rodata");
        PinFolder.Publish(pins.Folder, folder =>
        {
            var staged = new DevmapPins(folder);
            Pin.Make(config, staged.Config);
            Pin.Make(active, staged.Active);
            maps.MakePins(staged);
            Pin.Make(totals, staged.Totals);
            Pin.Make(missed, staged.Missed);
            Pin.Make(moreTotals, staged.MoreTotals);
            foreach (var variant in RedirectPrograms.Xdp)
            {
                using var redirect = program.OpenProgram(RedirectPrograms.FunctionOf(variant));
                Pin.Make(redirect, staged.Program(variant));
            }

            PinFolder.Create(staged.Links);
        });
    }
}
