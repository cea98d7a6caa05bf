using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Api;

/// <summary>Reads the items of a call that writes several entries. Each item has its own errors.</summary>
internal sealed class EntryWriteReader(Snapshot snapshot, InterfaceTable interfaces, Caller caller, bool allowPending, bool force)
{
    private readonly Dictionary<EntryId, string> _written = [];

    /// <summary>Reads a put.</summary>
    /// <param name="path">The field of the request that has the item.</param>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="key">The key, not yet validated.</param>
    /// <param name="spec">The desired state, not yet validated; null if it is missing.</param>
    /// <param name="expectedRevision">The revision that the entry must have.</param>
    /// <exception cref="ControlPlaneException">The item is not valid.</exception>
    public EntryWrite Put(string path, string devmap, string key, EntrySpec? spec, long? expectedRevision)
    {
        var violations = new Violations();
        spec = EntryService.WithoutEmpty(spec ?? new EntrySpec(""));
        var (state, parsed) = Read(path, devmap, key, violations, spec.Owner);
        EntryService.Validate(spec, state?.Definition, violations);
        if (expectedRevision < 0)
            violations.Add("expectedRevision", "must be the revision of a read, or 0 for an entry that must not exist");
        return Written(devmap, key, state, parsed, spec, new Precondition(expectedRevision is 0 ? null : expectedRevision, MustNotExist: expectedRevision is 0), violations);
    }

    /// <summary>Reads a deletion.</summary>
    /// <param name="path">The field of the request that has the item.</param>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="key">The key, not yet validated.</param>
    /// <param name="owner">The owner of the entry, not yet validated; null or empty for none.</param>
    /// <param name="expectedRevision">The revision that the entry must have.</param>
    /// <exception cref="ControlPlaneException">The item is not valid.</exception>
    public EntryWrite Delete(string path, string devmap, string key, string? owner, long? expectedRevision)
    {
        var violations = new Violations();
        LabelRules.ValidateOwner(owner, violations);
        var (state, parsed) = Read(path, devmap, key, violations);
        if (expectedRevision < 1)
            violations.Add("expectedRevision", "must be the revision of a read");
        return Written(devmap, key, state, parsed, null, new Precondition(expectedRevision), violations) with { Owner = EntryService.NullIfEmpty(owner) };
    }

    private (DevmapState? Devmap, EntryKey? Key) Read(string path, string? devmap, string? key, Violations violations, params ReadOnlySpan<string?> owners)
    {
        if (string.IsNullOrEmpty(devmap))
            violations.Add("devmap", "must be given");
        if (string.IsNullOrEmpty(key))
            violations.Add("key", "must be given");
        if (string.IsNullOrEmpty(devmap) || string.IsNullOrEmpty(key))
            return (null, null);
        EntryAccess.Require(caller, devmap, $"devmaps/{devmap}/entries/{key}", owners);
        if (snapshot.Devmaps.GetValueOrDefault(devmap) is not { } state)
            return (null, null);
        var parsed = EntryService.ParseKey(state, key, violations);
        if (parsed is { } known && IdOf(state, known) is var id && !_written.TryAdd(id, path))
            violations.Add("key", string.Create(CultureInfo.InvariantCulture, $"the entry is written by {_written[id]} too"));
        return (state, parsed);
    }

    // Two keys can mean one entry: names of one interface, and its index.
    private EntryId IdOf(DevmapState devmap, EntryKey key) => new(
        devmap.Id,
        key.InterfaceName is { } name ? EntryKey.OfInterface(interfaces.Canonical(name))
            : devmap.Find(key) is { } known ? known.Record.Key
            : devmap.Definition.Spec.KeySelector.Identify(key.Number, interfaces));

    private EntryWrite Written(string devmap, string key, DevmapState? state, EntryKey? parsed, EntrySpec? spec, Precondition precondition, Violations violations)
    {
        violations.ThrowIfAny();
        return state is null
            ? throw new ControlPlaneException(DevmapErrors.NotFound(devmap))
            : new EntryWrite(state.Id, parsed ?? throw new ControlPlaneException(EntryErrors.NotFound(devmap, key)), spec, allowPending, precondition) { Force = force };
    }
}
