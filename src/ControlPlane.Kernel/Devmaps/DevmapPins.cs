namespace ControlPlane.Kernel.Devmaps;

/// <summary>Where the objects of a devmap are pinned.</summary>
internal sealed class DevmapPins(string folder)
{
    public string Folder => folder;

    /// <summary>The ARRAY_OF_MAPS with one slot, which the redirect program looks the active devmap up in.</summary>
    public string Slot => Path.Combine(folder, "slot");

    /// <summary>The active DEVMAP_HASH.</summary>
    public string Active => Path.Combine(folder, "active");

    /// <summary>The counters per entry.</summary>
    public string Counters => Path.Combine(folder, "counters");

    /// <summary>What the redirect program counted over all.</summary>
    public string Totals => Path.Combine(folder, "totals");

    /// <summary>A sample of the keys that had no entry; not made by builds before layout version 2.</summary>
    public string Missed => Path.Combine(folder, "missed");

    /// <summary>What the redirect program was loaded with.</summary>
    public string Config => Path.Combine(folder, "config");

    /// <summary>The redirect program.</summary>
    public string Redirect => Path.Combine(folder, "redirect");

    /// <summary>The redirect program that is about to take that one's place; there only while links are switched over.</summary>
    public string NextRedirect => Path.Combine(folder, "redirect%next");

    /// <summary>What that one was loaded with.</summary>
    public string NextConfig => Path.Combine(folder, "config%next");

    /// <summary>The folder of the links.</summary>
    public string Links => Path.Combine(folder, "links");

    /// <summary>All but the links.</summary>
    public IEnumerable<string> Objects => [Slot, Active, Counters, Totals, Missed, Config, Redirect];

    /// <summary>The link to the interface of this name.</summary>
    public string Link(string interfaceName) => XdpLinks.PinOf(Links, interfaceName);

    /// <summary>The folder that holds all devmaps.</summary>
    public static string Parent(string pinRoot) => Path.Combine(pinRoot, "devmaps");

    /// <summary>The pins of the devmap of this name.</summary>
    public static DevmapPins Of(string pinRoot, string devmap) => new(Path.Combine(Parent(pinRoot), devmap));
}
