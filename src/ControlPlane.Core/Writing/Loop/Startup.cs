using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Apply;
using ControlPlane.Core.Writing.Plan;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Core.Writing.Loop;

/// <summary>The parts that the start works with.</summary>
internal sealed record StartContext(PlanContext Plans, IKernel Kernel, ControlPlaneState Shared, Executor Executor, ILogger Logger);

/// <summary>
/// Brings up the state at start: what the store has, over what is pinned in the kernel. Frames flow meanwhile, and what is as desired
/// is not touched. A devmap that the store does not know yet, or all programs, are adopted from the kernel; a devmap that the store has let go leaves
/// the kernel. Entries and attachments are only
/// known afterwards: a <see cref="StartJob"/> brings them into the kernel.
/// </summary>
internal sealed class Startup
{
    private readonly StartContext _start;
    private readonly PlanContext _context;
    private readonly StoredState _stored;
    private readonly DateTimeOffset _now;
    private readonly List<StoreChange> _adopted = [];
    private long? _firstRevision;
    private readonly HashSet<EntryRecord> _entries;

    private Startup(StartContext start, StoredState stored) => (_start, _context, _stored, _now, _entries) = (start, start.Plans, stored, start.Plans.Now, new(stored.Entries, ReferenceEqualityComparer.Instance));

    private WorkingState State => _context.State;

    /// <summary>Runs the start. Afterwards the kernel must still follow.</summary>
    public static void Run(WriterScope scope, StartContext start, IStore store, IReadOnlyList<DevmapRecord> definitions)
    {
        var stored = store.Load();
        var context = start.Plans;
        context.PlannedRevision = stored.Revision;
        var startup = new Startup(start, stored);
        startup.BringUpPrograms(scope);
        foreach (var program in start.Kernel.PassPrograms.Adopt(scope))
            context.State.Set(program.Interface, new PlacedPassProgram(program, null) { Since = startup._now });
        foreach (var token in stored.Tokens)
            context.State.SetToken(token.Name, token);
        foreach (var lease in stored.Leases)
        {
            context.State.SetLease(lease.Name, lease);
            context.LeaseClock.Begin(lease.Name, lease.Spec.Ttl);
        }

        foreach (var call in stored.Calls)
            context.State.Calls.Set(call.Id, call);
        foreach (var part in stored.CallParts)
            context.State.Calls.Add(part);
        foreach (var (ifindex, name) in stored.Promiscuous)
            context.State.Set(ifindex, new PlacedPromiscuity(name, IsOurs: true));
        foreach (var (devmap, adopted) in startup.Open(scope, definitions))
            startup.BringUp(scope, devmap, adopted, store.History);
        if (startup._adopted.Count > 0)
            store.Commit(new StoreBatch(context.PlannedRevision, [.. startup._adopted.Select(AtOwnRevision)]) { Time = startup._now });
        // Only now: until here the next start would do the same.
        foreach (var devmap in context.State.Devmaps.Select(d => start.Shared.Handles[d.Id]).Where(d => d.Interrupted is not null))
            devmap.EndInterrupted(scope);
    }

    private static StoreChange AtOwnRevision(StoreChange adopted) => adopted.After is { } after ? adopted with { Revision = after.Revision } : adopted;

    private void BringUpPrograms(WriterScope scope)
    {
        var pinned = _start.Kernel.Programs.Adopt(scope).ToDictionary(p => p.Name, StringComparer.Ordinal);
        foreach (var record in _stored.Programs)
        {
            var there = pinned.Remove(record.Name, out var loaded) ? new PlacedProgram(record, loaded, 0) { Since = _now } : null;
            BringUp(scope, Convergence.Program(there, record));
        }

        foreach (var there in pinned.Values)
        {
            if (_stored.Revision > 0)
            {
                BringUp(scope, new Placement.OfObject([new KernelStep.UnloadProgram(there.Name, there.Config)]));
                continue;
            }

            var record = new EgressProgramRecord(there.Name, new EgressProgramSpec(there.Config), _context.NextRevision(), _now, _now);
            State.Set(there.Name, new PlacedProgram(record, there, 0) { Since = _now });
            _adopted.Add(new StoreChange.PutProgram(record));
        }
    }

    // A program that cannot be loaded fails the start: entries that carry it could not be restored.
    private void BringUp(WriterScope scope, Placement placement) =>
        _start.Executor.Apply(scope, new WritePlan(Footprint.Alone, [placement], _context.PlannedRevision));

    private List<(WorkingDevmap Devmap, bool Adopted)> Open(WriterScope scope, IReadOnlyList<DevmapRecord> definitions)
    {
        var configured = definitions.Select(d => d.Name).ToHashSet(StringComparer.Ordinal);
        List<DevmapRecord> desired = [.. definitions.Select(Dated), .. _stored.Devmaps.Where(d => !configured.Contains(d.Name)).OrderBy(d => d.Name, StringComparer.Ordinal).Select(OfApi)];
        var known = desired.Select(d => d.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var pinned in _start.Kernel.FindDevmaps(scope).Where(p => !known.Contains(p.Name)))
        {
            // A store that is new knows of nothing. Any other has let the devmap go, and a crash came before the kernel did.
            if (_stored.Revision == 0)
                desired.Add(Adopted(pinned));
            else if (_start.Kernel.RemoveDevmap(scope, pinned.Name))
                WriterLog.DevmapRemoved(_start.Logger, pinned.Name);
        }

        var opened = new List<(WorkingDevmap, bool)>();
        foreach (var record in desired)
        {
            var devmap = Open(scope, record);
            var revision = _stored.Devmaps.Contains(record) ? _stored.Revision : record.Revision;
            opened.Add((State.Add(_start.Shared.Handles.Add(devmap), record, revision), devmap.Adopted));
        }

        return opened;
    }

    private IDevmap Open(WriterScope scope, DevmapRecord record)
    {
        try
        {
            return _start.Kernel.OpenDevmap(scope, record, _stored.Revision);
        }
        catch (ControlPlaneException e) when (record.DeclaredIn == DeclaredIn.Api)
        {
            // Pinned is one that was deleted before this one was made.
            WriterLog.DevmapMadeAgain(_start.Logger, record.Name, e.Error.Detail);
            _start.Kernel.RemoveDevmap(scope, record.Name);
            return _start.Kernel.OpenDevmap(scope, record, _stored.Revision);
        }
    }

    // The configuration has no times: the store says when it first had these settings.
    private DevmapRecord Dated(DevmapRecord configured)
    {
        var known = Known(configured.Name);
        if (known is { DeclaredIn: DeclaredIn.Configuration } && known.Spec == configured.Spec)
            return known;
        if (known is { DeclaredIn: DeclaredIn.Api })
            WriterLog.DevmapConfigured(_start.Logger, known.Name);
        return Declare(configured, known);
    }

    private DevmapRecord OfApi(DevmapRecord stored)
    {
        if (stored.DeclaredIn == DeclaredIn.Api)
            return stored;
        WriterLog.DevmapNotConfigured(_start.Logger, stored.Name);
        return Declare(stored with { DeclaredIn = DeclaredIn.Api }, stored);
    }

    private DevmapRecord Adopted(DevmapRecord pinned) => Declare(pinned with { DeclaredIn = DeclaredIn.Api }, null);

    private DevmapRecord Declare(DevmapRecord desired, DevmapRecord? known)
    {
        // All devmaps that are new at a start have one revision.
        var revision = known is null ? _firstRevision ??= _context.NextRevision() : _context.NextRevision();
        var now = _context.TimeAfter(known?.UpdateTime);
        var record = desired with { Revision = revision, CreateTime = known?.CreateTime ?? now, UpdateTime = now };
        _adopted.Add(new StoreChange.PutDevmap(record) { Before = known });
        return record;
    }

    private DevmapRecord? Known(string name) => _stored.Devmaps.FirstOrDefault(d => d.Name == name);

    private void BringUp(WriterScope scope, WorkingDevmap devmap, bool adopted, IChangeHistory history)
    {
        var name = devmap.Definition.Name;
        if (_start.Shared.Handles[devmap.Id].Interrupted is { } interrupted)
            TakeBack(name, interrupted, history);
        if (Known(name) is not null)
        {
            RestoreEntries(devmap);
            RestoreAttachments(scope, devmap);
        }
        else
        {
            AdoptEntries(devmap);
            AdoptAttachments(devmap);
        }

        WriterLog.DevmapOpened(_start.Logger, name, adopted, devmap.Entries.Count, devmap.Attachments.Count);
    }

    // Nobody has confirmed the table before the daemon ended, and the kernel has the one before. The desired state follows. No other write to the devmap
    // happened since.
    private void TakeBack(string devmap, InterruptedSwitch interrupted, IChangeHistory history)
    {
        if (history.Read(interrupted.Since, _stored.Revision, int.MaxValue) is not { } commits)
        {
            WriterLog.TableNotTakenBack(_start.Logger, devmap, interrupted.Since);
            return;
        }

        var former = new Dictionary<EntryKey, EntryRecord?>();
        foreach (var change in commits.SelectMany(c => c.Changes).Reverse())
        {
            if (change is { Refusal: null, Resource: { Kind: ChangedKind.Entry, Key: { } key } resource } && resource.Devmap == devmap)
                former[key] = change.Before as EntryRecord;
        }

        var now = _entries.Where(e => e.Devmap == devmap).ToDictionary(e => e.Key);
        var end = PendingTable.Of(interrupted.Report);
        var origin = ChangeOrigin.Daemon with { TakesBack = $"The table was {PendingTable.Describe(end)}." };
        var revision = former.Count == 0 ? 0 : _context.NextRevision();
        foreach (var (key, record) in former)
        {
            var before = now.GetValueOrDefault(key);
            if (before?.Spec == record?.Spec)
                continue;
            var after = record is null ? null : record with { Revision = revision, UpdateTime = _context.TimeAfter(record.UpdateTime) };
            StoreChange change = after is null ? new StoreChange.DeleteEntry(devmap, key) : new StoreChange.PutEntry(after);
            _adopted.Add(change with { Before = before, Origin = origin, Revision = revision });
            if (before is not null)
                _entries.Remove(before);
            if (after is not null)
                _entries.Add(after);
        }

        WriterLog.TableTakenBack(_start.Logger, devmap, origin.TakesBack!);
    }

    private void RestoreEntries(WorkingDevmap devmap)
    {
        // Numbers first: if an interface has come back with an index that is a number in use, the named entry must wait.
        foreach (var record in _entries.Where(e => e.Devmap == devmap.Definition.Name).OrderBy(e => e.Key.InterfaceName is not null))
            State.Set(devmap, null, Convergence.Placed(_context, devmap, record) with { Since = _now.UtcDateTime });
    }

    private void RestoreAttachments(WriterScope scope, WorkingDevmap devmap)
    {
        var links = _context.Kernel(devmap.Id).Links.ToDictionary(l => l.Interface, StringComparer.Ordinal);
        foreach (var record in _stored.Attachments.Where(a => a.Devmap == devmap.Definition.Name))
        {
            var link = links.GetValueOrDefault(record.Interface);
            var isDesired = link is not null && link.Ifindex != 0 && record.Spec.Mode is var mode && (mode == AttachMode.Auto || mode == link.Mode);
            if (isDesired)
                links.Remove(record.Interface);
            devmap.Set(record.Interface, new PlacedAttachment(record, isDesired ? link : null, null) { Since = _now }, _now);
        }

        foreach (var link in links.Values)
            BringUp(scope, new Placement.OfObject([new KernelStep.DetachRedirect(devmap.Id, link.Interface, null, link.Mode)]));
    }

    private void AdoptEntries(WorkingDevmap devmap)
    {
        var map = _context.Kernel(devmap.Id);
        foreach (var kernelKey in KernelWalk.Buckets(map, devmap.Entries.Freeze()).SelectMany(b => b.Keys))
        {
            // The kernel itself has just removed an element whose device was removed.
            if (!map.TryLookup(kernelKey, out var element) || _context.Interfaces.Find(element.Ifindex) is not { } target)
                continue;
            var key = devmap.Definition.Spec.KeySelector.Identify(kernelKey, _context.Interfaces);
            var record = new EntryRecord(
                devmap.Definition.Name,
                key,
                new EntrySpec(target.Name, State.ProgramName(element.EgressProgramId), map.ReadActions(kernelKey)),
                _context.NextRevision(),
                _now,
                _now);
            State.Set(devmap, null, new PlacedEntry(record, kernelKey) { Since = _now.UtcDateTime });
            _adopted.Add(new StoreChange.PutEntry(record));
        }
    }

    private void AdoptAttachments(WorkingDevmap devmap)
    {
        foreach (var link in _context.Kernel(devmap.Id).Links)
        {
            var record = new AttachmentRecord(devmap.Definition.Name, link.Interface, new AttachmentSpec(link.Mode), _context.NextRevision(), _now, _now);
            devmap.Set(link.Interface, new PlacedAttachment(record, link.Ifindex == 0 ? null : link, null) { Since = _now }, _now);
            _adopted.Add(new StoreChange.PutAttachment(record));
        }
    }
}
