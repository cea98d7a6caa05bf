using System.Runtime.CompilerServices;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Fairness;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Watching;

/// <summary>The parts of the watch that a replay needs.</summary>
/// <param name="State">The state.</param>
/// <param name="Log">The ring of the last changes.</param>
/// <param name="History">The changes that the store keeps.</param>
/// <param name="Interfaces">The interfaces.</param>
/// <param name="Gate">Lets few render at a time.</param>
/// <param name="Time">The time.</param>
internal sealed record ReplayContext(ControlPlaneState State, ChangeLog Log, ChangeHistory History, IInterfaces Interfaces, PageGate Gate, TimeProvider Time)
{
    /// <summary>Returns the oldest revision that a stream can be resumed from.</summary>
    public long Floor
    {
        get
        {
            try
            {
                return Math.Min(Log.Floor, History.Floor);
            }
            catch (StoreException)
            {
                return Log.Floor; // The changes in memory are all there is.
            }
        }
    }
}

/// <summary>
/// The changes of devmaps after a revision that the ring does not have any more: those of the store's history, until the ring has the rest. The
/// history has no changes of status; one event for each interface that a devmap depends on says that they may have been.
/// </summary>
/// <param name="context">The parts of the watch.</param>
/// <param name="flow">The stream.</param>
/// <param name="revision">The revision to go on after.</param>
internal sealed class HistoryReplay(ReplayContext context, StreamFlow flow, long revision)
{
    // The number of changes at which no further commit is read, and of those that are rendered at a time.
    private const int ReadSize = 512, PageSize = 64;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private long _revision = revision;

    /// <summary>The position in the ring at which the stream goes on. Known at the end.</summary>
    public long Position { get; private set; }

    /// <summary>Returns the events.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.RevisionCompacted"/>: the history has let changes go that are needed. <see cref="ErrorCode.ShuttingDown"/>.</exception>
    public async IAsyncEnumerable<WatchEvent> ReadAsync(CallerAccount caller, [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            if (context.Log.PositionOfChangesAfter(_revision) is { } position)
            {
                Position = position;
                break;
            }

            var commits = Read();
            foreach (var page in commits.SelectMany(ChangesOf).Chunk(PageSize))
            {
                foreach (var told in await RenderAsync(page, caller, cancellation))
                    yield return told;
            }

            if (context.Log.Current.IsLast)
                throw new ControlPlaneException(RequestErrors.StreamEnds());
            // The outcome of the next change is not known: the store could not take back what the kernel refused.
            if (commits.Count == 0)
                await Task.Delay(Pause, context.Time, cancellation);
        }

        foreach (var page in flow.Scope.Devmaps.SelectMany(Statuses).Chunk(PageSize))
        {
            foreach (var told in await RenderAsync(page, caller, cancellation))
                yield return told;
        }
    }

    private async Task<IReadOnlyList<WatchEvent>> RenderAsync(Change[] changes, CallerAccount caller, CancellationToken cancellation)
    {
        using var place = await context.Gate.EnterAsync(caller, cancellation);
        cancellation.ThrowIfCancellationRequested();
        return [.. changes.Select(flow.Of).OfType<WatchEvent>()];
    }

    private IReadOnlyList<ChangeCommit> Read()
    {
        try
        {
            if (context.History.Read(_revision, ReadSize) is { } commits)
            {
                _revision = commits.Count == 0 ? _revision : commits[^1].LastRevision;
                return commits;
            }
        }
        catch (StoreException)
        {
            // The reader begins with a snapshot, for which the store is not needed.
        }

        throw new ControlPlaneException(DevmapErrors.Compacted(flow.Scope.Name, _revision, context.Floor));
    }

    // The changes of a call share its revision. A stream can be resumed only after the last of them.
    private List<Change> ChangesOf(ChangeCommit commit)
    {
        List<Change> changes = [.. commit.Changes.Where(c => c.Refusal is null).Select(Find).OfType<Change>()];
        var later = new HashSet<DevmapId>();
        for (var i = changes.Count - 1; i >= 0; i--)
        {
            if (i + 1 < changes.Count && changes[i].Revision != changes[i + 1].Revision)
                later.Clear();
            changes[i].IsPartOfCall = later.Count > 0;
            changes[i].IsPart = !later.Add(changes[i].Devmap);
            changes[i].Position = Change.OutOfLog;
        }

        return changes;
    }

    private Change? Find(ChangeRecord change) => change.Resource.Devmap is null
        ? flow.Scope.HasHost ? FindOfHost(change) : null
        : flow.Scope.Includes(change.Resource.Devmap) ? FindOf(change.Resource.Devmap, change) : null;

    // Changes of a devmap that had the name before are of no use: its deletion says all of them.
    private Change? FindOf(string name, ChangeRecord change)
    {
        var devmap = flow.Scope.Devmaps.FirstOrDefault(d => d.Name == name);
        if (change is { Resource.Kind: ChangedKind.Devmap, After: null })
            return new Change.DevmapDeleted(devmap ?? new DevmapId(name, null), change.Revision);
        return devmap is not null && context.State.Current.Find(devmap) is { } state && change.Revision >= state.Definition.CreateRevision ? Find(devmap, change) : null;
    }

    private static Change? FindOfHost(ChangeRecord change) => (change.Resource, change.After) switch
    {
        (_, EgressProgramRecord program) => new Change.ProgramPut(
            new PlacedProgram(program, new LoadedProgram(program.Name, program.Spec.Config, 0), 0), change.Before as EgressProgramRecord),
        (_, LeaseRecord lease) => new Change.LeasePut(lease, change.Before as LeaseRecord),
        ({ Kind: ChangedKind.Program, Name: { } name }, null) => new Change.ProgramDeleted(change.Revision, name, change.Before as EgressProgramRecord),
        ({ Kind: ChangedKind.Lease, Name: { } name }, null) => new Change.LeaseDeleted(change.Revision, name, change.Before as LeaseRecord),
        _ => null,
    };

    private Change? Find(DevmapId devmap, ChangeRecord change) => (change.Resource, change.After) switch
    {
        (_, DevmapRecord record) => new Change.DevmapPut(devmap, record),
        (_, EntryRecord entry) => new Change.EntryPut(devmap, new PlacedEntry(entry, KernelKeyOf(entry.Key)), change.Before as EntryRecord),
        (_, SwapRecord swap) => new Change.EgressProgramSet(devmap, swap, change.Count),
        (_, AttachmentRecord attachment) => new Change.AttachmentPut(devmap, new PlacedAttachment(attachment, null, null), change.Before as AttachmentRecord),
        ({ Kind: ChangedKind.Entry, Key: { } key }, null) => new Change.EntryDeleted(devmap, change.Revision, key, change.Before as EntryRecord),
        ({ Kind: ChangedKind.Attachment, Name: { } name }, null) => new Change.AttachmentDeleted(devmap, change.Revision, name, change.Before as AttachmentRecord),
        _ => null,
    };

    private uint? KernelKeyOf(EntryKey key) => key.InterfaceName is { } name ? context.Interfaces.Current.Find(name)?.Ifindex : key.Number;

    private IEnumerable<Change.Status> Statuses(DevmapId devmap)
    {
        if (context.State.Current.Find(devmap) is not { } state)
            yield break;
        var entries = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var (group, count) in state.Groups)
            entries[group.Interface] = entries.GetValueOrDefault(group.Interface) + count;
        foreach (var named in state.Entries.Named())
        {
            if (named.Record.Key.InterfaceName is { } key && key != named.Record.Spec.Interface)
                entries[key] = entries.GetValueOrDefault(key) + 1;
        }

        foreach (var name in state.Attachments.Keys)
            entries.TryAdd(name, 0);
        foreach (var (name, count) in entries)
        {
            var ifindex = context.Interfaces.Current.Find(name)?.Ifindex;
            yield return new Change.Status(devmap, _revision, name, ifindex, count, state.Attachments.ContainsKey(name)) { Position = Change.OutOfLog };
        }
    }
}
