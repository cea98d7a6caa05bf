using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Waiting;

/// <summary>The entries that a wait is about. It has names, keys and filters alone, and no part of a snapshot.</summary>
internal abstract record EntrySelection
{
    private EntrySelection()
    {
    }

    /// <summary>Whether the wait is satisfied if no entry is selected.</summary>
    public bool MayBeEmpty { get; init; }

    /// <summary>The revision that the daemon must have reached; 0 for any.</summary>
    public long Revision { get; init; }

    /// <summary>Returns the entries as a snapshot has them.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.DevmapNotFound"/>: a devmap that the selection names does not exist.</exception>
    public abstract IEnumerable<SelectedEntry> Of(Snapshot snapshot, InterfaceTable interfaces);

    /// <summary>Returns whether an entry that was selected before still is.</summary>
    public abstract bool Selects(SelectedEntry entry);

    /// <summary>Entries of these identities, whether they exist or not.</summary>
    internal sealed record Named(IReadOnlyList<EntryId> Ids) : EntrySelection
    {
        public override IEnumerable<SelectedEntry> Of(Snapshot snapshot, InterfaceTable interfaces) => Ids.Select(id => SelectedEntry.Of(id, snapshot, interfaces));

        public override bool Selects(SelectedEntry entry) => true;
    }

    /// <summary>Entries that pass a filter.</summary>
    /// <param name="Devmaps">The names of the devmaps; null for all.</param>
    /// <param name="Accepts">The filter.</param>
    internal sealed record Matching(IReadOnlyCollection<string>? Devmaps, Func<EntryRecord, bool> Accepts) : EntrySelection
    {
        public override IEnumerable<SelectedEntry> Of(Snapshot snapshot, InterfaceTable interfaces)
        {
            foreach (var devmap in Devmaps?.Select(snapshot.Devmap) ?? snapshot.Devmaps.Values)
            {
                foreach (var entry in devmap.Entries.All())
                {
                    if (Accepts(entry.Record))
                        yield return new(new EntryId(devmap.Id, entry.Record.Key), devmap, entry);
                }
            }
        }

        public override bool Selects(SelectedEntry entry) => entry.Entry is { } placed && Accepts(placed.Record);
    }
}

/// <summary>An entry of a selection.</summary>
/// <param name="Id">The identity.</param>
/// <param name="Devmap">The devmap; null if it no longer exists.</param>
/// <param name="Entry">The entry; null if it does not exist.</param>
internal readonly record struct SelectedEntry(EntryId Id, DevmapState? Devmap, PlacedEntry? Entry)
{
    /// <summary>The key in text, as far as it is known without the devmap.</summary>
    public string KeyText => Devmap?.Definition.Spec.KeySelector.Format(Id.Key) ?? Id.Key.InterfaceName ?? Id.Key.Number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Returns the entry of an identity, under whichever of the names of its interface it is stored.</summary>
    public static SelectedEntry Of(EntryId id, Snapshot snapshot, InterfaceTable interfaces) =>
        snapshot.Find(id.Devmap) is { } devmap ? new(id, devmap, devmap.Find(id.Key) ?? devmap.Find(id.Key, interfaces)) : new(id, null, null);
}
