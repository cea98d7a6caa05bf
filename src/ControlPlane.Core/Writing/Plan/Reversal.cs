using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing.Plan;

/// <summary>
/// The resources that changes have touched, each as it was before the oldest of them. Changes are undone one after the other, the newest first.
/// </summary>
/// <param name="devmaps">Returns the devmap of a name.</param>
/// <param name="entriesOf">Returns the entries of a devmap that send to an interface now.</param>
internal sealed class Reversal(Func<string, DevmapId> devmaps, Func<DevmapId, string, IEnumerable<EntryRecord>> entriesOf)
{
    private readonly Dictionary<EntryId, Former<EntrySpec>> _entries = [];
    private readonly Dictionary<(DevmapId Devmap, string Interface), Former<AttachmentSpec>> _attachments = [];
    private readonly Dictionary<string, Former<EgressProgramSpec>> _programs = new(StringComparer.Ordinal);

    /// <summary>The entries.</summary>
    public IReadOnlyDictionary<EntryId, Former<EntrySpec>> Entries => _entries;

    /// <summary>The attachments.</summary>
    public IReadOnlyDictionary<(DevmapId Devmap, string Interface), Former<AttachmentSpec>> Attachments => _attachments;

    /// <summary>The egress programs.</summary>
    public IReadOnlyDictionary<string, Former<EgressProgramSpec>> Programs => _programs;

    /// <summary>The devmaps of the entries.</summary>
    public IEnumerable<DevmapId> Devmaps => _entries.Keys.Select(e => e.Devmap).Distinct();

    /// <summary>Undoes a change that is older than all that were undone before. Changes of other resources than entries, attachments and egress programs stay.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.NotSupported"/>: a devmap was deleted, and with it entries that are not kept.</exception>
    public void Undo(ChangeRecord change)
    {
        // The kernel refused it, and it was taken back at once.
        if (change.Refusal is not null)
            return;
        var ((kind, devmap, key, name), deletes) = (change.Resource, change.After is null);
        switch (kind)
        {
            case ChangedKind.Devmap when deletes:
                throw new ControlPlaneException(ChangeErrors.OfDevmap(devmap!, change.Revision));
            case ChangedKind.Entry:
                _entries[new EntryId(devmaps(devmap!), key!.Value)] = new((change.Before as EntryRecord)?.Spec, deletes);
                break;
            case ChangedKind.InterfaceProgram:
                Undo(devmaps(devmap!), name!, (change.Before as SwapRecord)?.EgressProgram);
                break;
            case ChangedKind.Attachment:
                _attachments[(devmaps(devmap!), name!)] = new((change.Before as AttachmentRecord)?.Spec, deletes);
                break;
            case ChangedKind.Program:
                _programs[name!] = new((change.Before as EgressProgramRecord)?.Spec, deletes);
                break;
            default:
                break; // Others stay as they are.
        }
    }

    /// <summary>Returns the reversal of attachments and egress programs alone.</summary>
    public Reversal WithoutEntries()
    {
        var rest = new Reversal(devmaps, entriesOf);
        foreach (var (id, attachment) in _attachments)
            rest._attachments.Add(id, attachment);
        foreach (var (name, program) in _programs)
            rest._programs.Add(name, program);
        return rest;
    }

    /// <summary>Adds resources of a later reversal that this one does not have.</summary>
    public void AddFrom(Reversal later)
    {
        foreach (var (id, entry) in later._entries)
            _entries.TryAdd(id, entry);
        foreach (var (id, attachment) in later._attachments)
            _attachments.TryAdd(id, attachment);
        foreach (var (name, program) in later._programs)
            _programs.TryAdd(name, program);
    }

    // Entries that have not changed since the swap are as they are now; the others as the changes since have found them.
    private void Undo(DevmapId devmap, string interfaceName, string? program)
    {
        foreach (var (id, former) in _entries.Where(e => e.Key.Devmap == devmap && e.Value.Spec?.Interface == interfaceName).ToList())
            _entries[id] = former with { Spec = former.Spec! with { EgressProgram = program } };
        foreach (var entry in entriesOf(devmap, interfaceName))
            _entries.TryAdd(new EntryId(devmap, entry.Key), new(entry.Spec with { EgressProgram = program }, WasDeleted: false));
    }
}

/// <summary>A resource as it was.</summary>
/// <param name="Spec">The desired state; null if the resource did not exist.</param>
/// <param name="WasDeleted">Whether the change that is undone has deleted the resource.</param>
internal readonly record struct Former<TSpec>(TSpec? Spec, bool WasDeleted)
    where TSpec : class
{
    /// <summary>Returns whether a resource has changed since the change that is undone.</summary>
    /// <param name="revision">The revision of that change.</param>
    /// <param name="now">The revision of the resource; null if it does not exist.</param>
    public bool HasChangedSince(long revision, long? now) => now != (WasDeleted ? null : revision);
}
