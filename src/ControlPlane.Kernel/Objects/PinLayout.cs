using System.Globalization;

namespace ControlPlane.Kernel.Objects;

// The folders and pins under a pin root: devmaps/NAME/..., programs/NAME/..., targets/..., drops/...

/// <summary>The pins of one devmap.</summary>
internal sealed class DevmapPins(string folder)
{
    private const string NextSuffix = "%next";

    /// <summary>The layout version that brought the ids of entries.</summary>
    public const uint FirstWithIds = 4;

    /// <summary>The layout version that brought the actions of entries.</summary>
    public const uint FirstWithActions = 5;

    /// <summary>The layout version that brought room for the ids of two tables.</summary>
    public const uint FirstWithRoom = 6;

    public string Folder => folder;

    /// <summary>The two places for the devmap. The redirect programs find the active one there.</summary>
    public string Slots => Path.Combine(folder, "slots");

    /// <summary>The two places for the entry table.</summary>
    public string Tables => Path.Combine(folder, "tables");

    /// <summary>The word that says which place is active.</summary>
    public string Switch => Path.Combine(folder, "switch");

    /// <summary>The active entry table.</summary>
    public string Table => Path.Combine(folder, "table");

    /// <summary>The slots for all parts of the counters but the first.</summary>
    public string MoreCounts => Path.Combine(folder, "more_counts");

    /// <summary>The folder of the parts of the counters.</summary>
    public string CountsFolder => Path.Combine(folder, "counts");

    /// <summary>The folder of the parts that an upgrade brings, for a devmap that did not count.</summary>
    public string NextCountsFolder => Next(CountsFolder);

    /// <summary>A part of the counters that an upgrade brings.</summary>
    public string NextCounts(int part) => Path.Combine(NextCountsFolder, part.ToString(CultureInfo.InvariantCulture));

    /// <summary>A part of the counters.</summary>
    public string Counts(int part) => Path.Combine(CountsFolder, part.ToString(CultureInfo.InvariantCulture));

    /// <summary>The pins of the parts of the counters, in order.</summary>
    public IEnumerable<string> ExistingCounts => Enumerable.Range(0, int.MaxValue).Select(Counts).TakeWhile(File.Exists);

    /// <summary>The slots for the parts of the actions.</summary>
    public string ActionParts => Path.Combine(folder, "action_parts");

    /// <summary>The element that changes together with its actions.</summary>
    public string ActionChange => Path.Combine(folder, "action_change");

    /// <summary>The slot for the counts of frames that actions could not be applied to.</summary>
    public string ActionCounts => Path.Combine(folder, "action_counts");

    /// <summary>The totals of those counts.</summary>
    public string ActionTotals => Path.Combine(folder, "action_totals");

    /// <summary>The folder of what exists once an entry has had actions.</summary>
    public string ActionsFolder => Path.Combine(folder, "actions");

    /// <summary>A part of the actions. Parts without actions do not exist.</summary>
    public string Actions(int part) => Path.Combine(ActionsFolder, part.ToString(CultureInfo.InvariantCulture));

    /// <summary>The counts by key that are in <see cref="ActionCounts"/>.</summary>
    public string CountsOfKeys => Path.Combine(ActionsFolder, "counts");

    /// <summary>The parts of the actions that exist.</summary>
    public IEnumerable<int> ExistingActions => ActionsWith("");

    /// <summary>The parts of the actions of a candidate that exist.</summary>
    public IEnumerable<int> NextActions => ActionsWith(NextSuffix);

    /// <summary>The revision that a candidate is complete for. It exists with a candidate, and until the kernel has freed the table before.</summary>
    public string Candidate => Path.Combine(folder, "candidate");

    /// <summary>The slot of builds before layout version 4, with one place.</summary>
    public string OldSlot => Path.Combine(folder, "slot");

    /// <summary>The counters of builds before layout version 4, by key.</summary>
    public string OldCounters => Path.Combine(folder, "counters");

    /// <summary>The active DEVMAP_HASH.</summary>
    public string Active => Path.Combine(folder, "active");

    /// <summary>The redirect program's totals.</summary>
    public string Totals => Path.Combine(folder, "totals");

    /// <summary>A sample of the keys that had no entry. Builds before layout version 2 did not make this map.</summary>
    public string Missed => Path.Combine(folder, "missed");

    /// <summary>The totals that layout version 3 added.</summary>
    public string MoreTotals => Path.Combine(folder, "more_totals");

    /// <summary>The settings of the redirect programs.</summary>
    public string Config => Path.Combine(folder, "config");

    /// <summary>The redirect program.</summary>
    public string Redirect => Path.Combine(folder, "redirect");

    /// <summary>The redirect program that completes checksums. Builds before layout version 3 did not make this program.</summary>
    public string Complete => Path.Combine(folder, "complete");

    /// <summary>The redirect program for tcx. It exists where the kernel has tcx, and builds before layout version 3 did not make it.</summary>
    public string Tcx => Path.Combine(folder, "tcx");

    /// <summary>The settings of <see cref="Tcx"/>.</summary>
    public string TcxConfig => Path.Combine(folder, "tcx_config");

    /// <summary>The count of frames that went to the peer of their target directly, in tcx.</summary>
    public string ToPeers => Path.Combine(folder, "to_peers");

    /// <summary>The pins of tcx.</summary>
    public IEnumerable<string> OfTcx => [Tcx, TcxConfig, ToPeers, Next(Tcx), Next(TcxConfig)];

    /// <summary>The pin of a redirect program.</summary>
    public string Program(RedirectProgram program) => program switch
    {
        RedirectProgram.Completing => Complete,
        RedirectProgram.Tcx => Tcx,
        _ => Redirect,
    };

    /// <summary>The settings of the programs that an upgrade brings.</summary>
    public string NextConfig => Path.Combine(folder, "config%next");

    /// <summary>The folder of the links.</summary>
    public string Links => Path.Combine(folder, "links");

    /// <summary>The guard of a switch that waits for its confirmation.</summary>
    public GuardPins Guard => new(Path.Combine(folder, "guard"));

    /// <summary>The folder of the programs of a rehearsal.</summary>
    public string Rehearsal => Path.Combine(folder, "rehearsal");

    /// <summary>The layout version that brought a pin.</summary>
    public uint SinceVersion(string pin) => ActionMaps.Contains(pin) ? FirstWithActions : EntryMaps.Contains(pin) ? FirstWithIds : pin == Missed ? 2u : pin == MoreTotals || pin == Complete ? 3u : 1u;

    /// <summary>The pins of the slots, the entry table and the counters, which layout version 4 brought.</summary>
    public IReadOnlyList<string> EntryMaps => [Slots, Tables, Switch, Table, Counts(0), MoreCounts];

    /// <summary>The pins of the actions, which layout version 5 brought.</summary>
    public IReadOnlyList<string> ActionMaps => [ActionParts, ActionChange, ActionCounts, ActionTotals];

    /// <summary>The pins in whose place those of layout version 4 are.</summary>
    public IReadOnlyList<string> OfOldVersions => [OldSlot, OldCounters];

    /// <summary>The pins that exist only during an upgrade.</summary>
    public IEnumerable<string> Upgrade => [Next(MoreCounts), Next(Complete), NextConfig, Next(Redirect)];

    /// <summary>The pin of what replaces the object at this path: a program during an upgrade, a table that grows, or a candidate.</summary>
    public static string Next(string program) => program + NextSuffix;

    /// <summary>The pins that each devmap has, except the links and the pins of an upgrade.</summary>
    public IEnumerable<string> Objects => [Active, .. EntryMaps, .. ActionMaps, Totals, Missed, MoreTotals, Config, Complete, Redirect];

    /// <summary>All that can be in the folder.</summary>
    public IReadOnlyCollection<string> All => [.. Objects, .. Upgrade, .. OfTcx, .. OfOldVersions, Next(Active), Next(Table), Next(MoreCounts), Next(ActionParts), Candidate, CountsFolder, NextCountsFolder, ActionsFolder, Guard.Folder, Rehearsal, Links];

    /// <summary>The link to the interface of this name.</summary>
    public string Link(string interfaceName) => XdpLinks.PinOf(Links, interfaceName);

    private IEnumerable<int> ActionsWith(string suffix) => !Directory.Exists(ActionsFolder) ? [] : Directory.GetFiles(ActionsFolder)
        .Select(Path.GetFileName).OfType<string>().Where(name => name.EndsWith(suffix, StringComparison.Ordinal))
        .Select(name => int.TryParse(name[..^suffix.Length], NumberStyles.None, CultureInfo.InvariantCulture, out var part) ? part : -1).Where(part => part >= 0).Order();

    /// <summary>The folder that holds all devmaps.</summary>
    public static string Parent(string pinRoot) => Path.Combine(pinRoot, "devmaps");

    /// <summary>The pins of the devmap of this name.</summary>
    public static DevmapPins Of(string pinRoot, string devmap) => new(Path.Combine(Parent(pinRoot), devmap));
}

/// <summary>The pins of a guarded switch.</summary>
internal sealed class GuardPins(string folder)
{
    public string Folder => folder;

    /// <summary>The phase of the switch and its counts, in shared memory.</summary>
    public string Guard => Path.Combine(folder, "guard");

    /// <summary>The map of the timer. Without this pin the kernel cancels the timer as soon as no process has the map open.</summary>
    public string Timers => Path.Combine(folder, "timers");

    /// <summary>The link of the program that watches redirect errors, if they have a limit.</summary>
    public string Watch => Path.Combine(folder, "watch");
}

/// <summary>The pins of one egress program.</summary>
internal sealed class EgressProgramPins(string folder)
{
    public string Folder => folder;

    /// <summary>The program.</summary>
    public string Program => Path.Combine(folder, "program");

    /// <summary>The program's settings.</summary>
    public string Config => Path.Combine(folder, "config");

    /// <summary>The program's counters.</summary>
    public string Counters => Path.Combine(folder, "counters");

    /// <summary>The folder that holds all egress programs.</summary>
    public static string Parent(string pinRoot) => Path.Combine(pinRoot, "programs");

    /// <summary>The pins of the egress program of this name.</summary>
    public static EgressProgramPins Of(string pinRoot, string program) => new(Path.Combine(Parent(pinRoot), PinName.Encode(program)));
}

/// <summary>The pins of the pass program and its links.</summary>
internal sealed class PassProgramPins(string folder)
{
    public string Folder => folder;

    /// <summary>The program.</summary>
    public string Program => Path.Combine(folder, "program");

    /// <summary>The mark that says that the pins are ours.</summary>
    public string Config => Path.Combine(folder, "config");

    /// <summary>The folder of the links.</summary>
    public string Links => Path.Combine(folder, "links");

    /// <summary>The pins under a pin root.</summary>
    public static PassProgramPins Of(string pinRoot) => new(Path.Combine(pinRoot, "targets"));
}

/// <summary>The pins of the drop counters.</summary>
internal sealed class DropPins(string folder)
{
    public string Folder => folder;

    /// <summary>The settings of the programs.</summary>
    public string Config => Path.Combine(folder, "config");

    /// <summary>The ids of the counted devmaps, with their totals.</summary>
    public string Devmaps => Path.Combine(folder, "devmaps");

    /// <summary>Redirect errors by map, key and cause.</summary>
    public string RedirectErrors => Path.Combine(folder, "redirect_errors");

    /// <summary>Transmit drops by device pair and cause.</summary>
    public string TransmitDrops => Path.Combine(folder, "transmit_drops");

    /// <summary>XDP exceptions by device, program and action.</summary>
    public string Exceptions => Path.Combine(folder, "exceptions");

    /// <summary>The link that attaches a program to this tracepoint.</summary>
    public string Link(string tracepoint) => Path.Combine(folder, tracepoint);

    /// <summary>All pins except the links.</summary>
    public IEnumerable<string> Objects => [Config, Devmaps, RedirectErrors, TransmitDrops, Exceptions];

    /// <summary>The pins under a pin root.</summary>
    public static DropPins Of(string pinRoot) => new(Path.Combine(pinRoot, "drops"));
}
