using ControlPlane.Kernel.Layout;
using ControlPlane.Kernel.Pins;

namespace ControlPlane.Kernel.Drops;

/// <summary>Where the drop counters are pinned.</summary>
internal sealed class DropPins(string folder)
{
    public string Folder => folder;

    /// <summary>What the programs were loaded with.</summary>
    public string Config => Path.Combine(folder, "config");

    /// <summary>Ids of the devmaps that are counted, with their totals.</summary>
    public string Devmaps => Path.Combine(folder, "devmaps");

    /// <summary>Redirect errors by map, key and cause.</summary>
    public string RedirectErrors => Path.Combine(folder, "redirect_errors");

    /// <summary>Drops on the way out by device pair and cause.</summary>
    public string TransmitDrops => Path.Combine(folder, "transmit_drops");

    /// <summary>XDP exceptions by device, program and action.</summary>
    public string Exceptions => Path.Combine(folder, "exceptions");

    /// <summary>The links by which the programs are attached to their tracepoints.</summary>
    public IEnumerable<string> Links => DropPrograms.Tracepoints.Select(t => Path.Combine(folder, t));

    /// <summary>All of them.</summary>
    public IEnumerable<string> All => [Config, Devmaps, RedirectErrors, TransmitDrops, Exceptions, .. Links];

    /// <summary>The pins under a pin root.</summary>
    public static DropPins Of(string pinRoot) => new(Path.Combine(pinRoot, "drops"));

    /// <summary>Whether all is there and counts by exactly these settings.</summary>
    public bool Hold(devmapd_drops_config config) =>
        Directory.Exists(folder) && Pin.HasConfig(Config, devmapd_kind.Drops, config) && All.All(File.Exists);
}
