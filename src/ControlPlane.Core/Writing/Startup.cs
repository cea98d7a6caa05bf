using System.Collections.Immutable;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing;

/// <summary>
/// Brings up the state at start: what the store wants, over what is pinned in the kernel. Frames flow meanwhile, and what is
/// as wanted is not touched. What the store knows nothing of yet, a whole devmap or all programs, is taken over from the kernel.
/// </summary>
internal sealed class Startup
{
    private readonly WriterContext _context;
    private readonly StoredState _stored;
    private readonly DateTimeOffset _now;
    private readonly List<StoreChange> _adopted = [];

    private Startup(WriterContext context, StoredState stored) => (_context, _stored, _now) = (context, stored, context.Now);

    private ControlPlaneState State => _context.State;

    /// <summary>Runs the start. Afterwards what concerns single interfaces is still to be reconciled.</summary>
    public static void Run(WriterScope scope, WriterContext context, IStore store, IReadOnlyList<DevmapRecord> definitions)
    {
        var stored = store.Load();
        context.PlannedRevision = stored.Revision;
        var startup = new Startup(context, stored);
        startup.BringUpPrograms(scope);
        PassPrograms.Adopt(scope, context);
        foreach (var devmap in startup.Open(scope, definitions))
            startup.BringUp(scope, devmap);
        foreach (var unknown in stored.Devmaps.Where(d => !context.State.Devmaps.ContainsKey(d)))
            WriterLog.DevmapNotConfigured(context.Logger, unknown);
        if (startup._adopted.Count > 0)
            store.Commit(new StoreBatch(context.NextRevision(), startup._adopted));
        context.State.Revision = context.PlannedRevision;
    }

    private void BringUpPrograms(WriterScope scope)
    {
        var pinned = _context.Kernel.Programs.Adopt(scope).ToDictionary(p => p.Name, StringComparer.Ordinal);
        foreach (var wanted in _stored.Programs)
        {
            var loaded = pinned.GetValueOrDefault(wanted.Name) is { } there && there.Config == wanted.Spec.Config
                ? there
                : _context.Kernel.Programs.Load(scope, wanted.Name, wanted.Spec.Config);
            pinned.Remove(wanted.Name);
            State.Programs = State.Programs.SetItem(wanted.Name, new PlacedProgram(wanted, loaded, 0));
        }

        foreach (var there in pinned.Values)
        {
            if (_stored.Revision > 0)
            {
                _context.Kernel.Programs.Unload(scope, there.Name);
                continue;
            }

            var wanted = new EgressProgramRecord(there.Name, new EgressProgramSpec(there.Config), _context.NextRevision(), _now, _now);
            State.Programs = State.Programs.SetItem(there.Name, new PlacedProgram(wanted, there, 0));
            _adopted.Add(new StoreChange.PutProgram(wanted));
        }
    }

    private List<DevmapState> Open(WriterScope scope, IReadOnlyList<DevmapRecord> definitions)
    {
        var opened = new List<DevmapState>();
        try
        {
            foreach (var definition in definitions)
                opened.Add(new DevmapState(_context.Kernel.OpenDevmap(scope, definition), _stored.Revision));
        }
        catch
        {
            opened.ForEach(d => d.Kernel.Dispose());
            throw;
        }

        State.Devmaps = State.Devmaps.AddRange(opened.Select(d => KeyValuePair.Create(d.Definition.Name, d)));
        return opened;
    }

    private void BringUp(WriterScope scope, DevmapState devmap)
    {
        var name = devmap.Definition.Name;
        if (_stored.Devmaps.Contains(name))
        {
            RestoreEntries(scope, devmap);
            RestoreAttachments(scope, devmap);
        }
        else
        {
            AdoptEntries(devmap);
            AdoptAttachments(devmap);
            _adopted.Add(new StoreChange.PutDevmap(name));
        }

        WriterLog.DevmapOpened(_context.Logger, name, devmap.Kernel.Adopted, devmap.Entries.Count, devmap.Attachments.Count);
    }

    private void RestoreEntries(WriterScope scope, DevmapState devmap)
    {
        // Numbers first: should an interface have come back with an index that is a number in use, it is the named entry that must wait.
        foreach (var record in _stored.Entries.Where(e => e.Devmap == devmap.Definition.Name).OrderBy(e => e.Key.InterfaceName is not null))
        {
            var unplaced = new PlacedEntry(record, null);
            EntryChanges.Publish(_context, devmap, null, unplaced);
            LinkReconciliation.Place(scope, _context, devmap, unplaced);
        }

        var foreign = KernelWalk.Buckets(devmap.Kernel, devmap.Entries)
            .SelectMany(b => b.Keys.Where(k => devmap.Entries.Find(k) is null).ToArray()).ToList();
        foreach (var kernelKey in foreign)
            devmap.Kernel.Delete(scope, kernelKey);
        if (foreign.Count > 0)
            WriterLog.ForeignRemoved(_context.Logger, devmap.Definition.Name, foreign.Count);
    }

    private void RestoreAttachments(WriterScope scope, DevmapState devmap)
    {
        var links = devmap.Kernel.Links.ToDictionary(l => l.Interface, StringComparer.Ordinal);
        foreach (var wanted in _stored.Attachments.Where(a => a.Devmap == devmap.Definition.Name))
        {
            var link = links.GetValueOrDefault(wanted.Interface);
            var asWanted = link is not null && link.Ifindex != 0 && link.Mode == wanted.Spec.Mode;
            if (asWanted)
                links.Remove(wanted.Interface);
            devmap.Attachments = devmap.Attachments.SetItem(wanted.Interface, new PlacedAttachment(wanted, asWanted ? link : null, null));
        }

        foreach (var unwanted in links.Keys)
            devmap.Kernel.Detach(scope, unwanted);
    }

    private void AdoptEntries(DevmapState devmap)
    {
        var programs = State.Programs.Values.ToDictionary(p => p.Loaded.ProgramId, p => p.Loaded.Name);
        foreach (var kernelKey in KernelWalk.Buckets(devmap.Kernel, devmap.Entries).SelectMany(b => b.Keys))
        {
            // An element whose device is gone has just been removed by the kernel itself.
            if (!devmap.Kernel.TryLookup(kernelKey, out var element) || _context.Interface(element.Ifindex) is not { } target)
                continue;
            var key = devmap.Definition.Spec.KeySelector == KeySelector.IngressInterface && _context.Interface(kernelKey) is { } ingress
                ? EntryKey.OfInterface(ingress.Name)
                : EntryKey.OfNumber(kernelKey);
            var record = new EntryRecord(
                devmap.Definition.Name,
                key,
                new EntrySpec(target.Name, programs.GetValueOrDefault(element.EgressProgramId)),
                _context.NextRevision(),
                _now,
                _now);
            EntryChanges.Publish(_context, devmap, null, new PlacedEntry(record, kernelKey));
            _adopted.Add(new StoreChange.PutEntry(record));
        }
    }

    private void AdoptAttachments(DevmapState devmap)
    {
        foreach (var link in devmap.Kernel.Links)
        {
            var record = new AttachmentRecord(devmap.Definition.Name, link.Interface, new AttachmentSpec(link.Mode), _context.NextRevision(), _now, _now);
            devmap.Attachments = devmap.Attachments.SetItem(
                link.Interface, new PlacedAttachment(record, link.Ifindex == 0 ? null : link, null));
            _adopted.Add(new StoreChange.PutAttachment(record));
        }
    }
}
