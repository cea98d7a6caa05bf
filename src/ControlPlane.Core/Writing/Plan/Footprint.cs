using ControlPlane.Core.Model;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing.Plan;

/// <summary>
/// The keys that a plan depends on and changes. Plans are made against the state before their batch, so two plans of one batch must
/// not meet: the second would not know of the first.
/// </summary>
internal sealed record Footprint
{
    /// <summary>The footprint of a plan that must be alone in its batch.</summary>
    public static Footprint Alone { get; } = new() { IsAlone = true };

    /// <summary>Whether the plan must be alone in its batch.</summary>
    public bool IsAlone { get; init; }

    /// <summary>The keys that the plan changes. No other plan of the batch may change or use it.</summary>
    public IReadOnlyList<FootprintKey> Changes { get; init; } = [];

    /// <summary>The keys that the plan relies on. Other plans may use it in the same way, and must not change it.</summary>
    public IReadOnlyList<FootprintUse> Uses { get; init; } = [];

    /// <summary>The elements of kernel maps that the plan changes.</summary>
    public IReadOnlyList<ElementId> Elements { get; init; } = [];

    /// <summary>The devmaps of new entries, each as often as it has one.</summary>
    public IReadOnlyList<DevmapId> Adds { get; init; } = [];

    /// <summary>Returns the footprint of placements of entries.</summary>
    /// <param name="placements">The placements.</param>
    /// <param name="uses">The keys that they rely on.</param>
    public static Footprint Of(IReadOnlyList<Placement.OfEntry> placements, IEnumerable<FootprintUse> uses)
    {
        var (changes, elements, adds) = (new FootprintKey[placements.Count], new List<ElementId>(placements.Count), new List<DevmapId>());
        for (var i = 0; i < changes.Length; i++)
        {
            var (devmap, before, after) = (placements[i].Devmap, placements[i].Before, placements[i].After);
            changes[i] = FootprintKey.Entry(new EntryId(devmap, (after ?? before)!.Record.Key));
            if (after?.KernelKey is { } key)
                elements.Add(new ElementId(devmap, key));
            if (before?.KernelKey is { } old && old != after?.KernelKey)
                elements.Add(new ElementId(devmap, old));
            if (before is null)
                adds.Add(devmap);
        }

        return new Footprint { Changes = changes, Uses = [.. uses], Elements = elements, Adds = adds };
    }
}

/// <summary>The kinds of things in footprints.</summary>
internal enum FootprintKind
{
    /// <summary>An entry by its identity.</summary>
    Entry,

    /// <summary>A device as the target of entries: all of them carry one egress program.</summary>
    Target,

    /// <summary>An interface as an ingress: it runs one redirect program.</summary>
    Ingress,

    /// <summary>An egress program.</summary>
    Program,

    /// <summary>A token.</summary>
    Token,

    /// <summary>A call that its caller has marked with a key.</summary>
    Call,

    /// <summary>A lease.</summary>
    Lease,
}

/// <summary>One thing in a footprint.</summary>
internal readonly record struct FootprintKey(FootprintKind Kind, string? Name, DevmapId? Devmap = null, uint Number = 0)
{
    /// <summary>Returns the key of an entry.</summary>
    public static FootprintKey Entry(EntryId id) => new(FootprintKind.Entry, id.Key.InterfaceName, id.Devmap, id.Key.Number);

    /// <summary>Returns the key of a target.</summary>
    public static FootprintKey Target(string name) => new(FootprintKind.Target, name);

    /// <summary>Returns the key of an ingress.</summary>
    public static FootprintKey Ingress(string name) => new(FootprintKind.Ingress, name);

    /// <summary>Returns the key of a token.</summary>
    public static FootprintKey Token(string name) => new(FootprintKind.Token, name);

    /// <summary>Returns the key of a call that its caller has marked.</summary>
    public static FootprintKey Call(CallId id) => new(FootprintKind.Call, $"{id.Account} {id.Key}");

    /// <summary>Returns the key of a lease.</summary>
    public static FootprintKey Lease(string name) => new(FootprintKind.Lease, name);

    /// <summary>Returns the key of an egress program.</summary>
    public static FootprintKey Program(string name) => new(FootprintKind.Program, name);
}

/// <summary>A thing that a plan relies on, and how: plans that rely on different values do not fit into one batch.</summary>
internal readonly record struct FootprintUse(FootprintKey Key, string? Value = null);
