using System.Diagnostics.CodeAnalysis;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.State;

/// <summary>
/// The interfaces that do not exist and whose entries end because of that, at once or after a time (<see cref="OnInterfaceGone"/>). In memory
/// only: an interface that does not exist when the daemon starts counts as removed then. For the writer's thread.
/// </summary>
internal sealed class GoneInterfaces(WorkingState state, TimeProvider time)
{
    // So many writes of entries without their interface have times of their own; then the oldest ones share the time of the next.
    private const int MostWrites = 1024;

    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, Gone> _gone = new(StringComparer.Ordinal);

    /// <summary>The timestamp at which an entry can be due; <see cref="long.MaxValue"/> if none is.</summary>
    public long Earliest { get; private set; } = long.MaxValue;

    /// <summary>These interfaces may have appeared or gone.</summary>
    /// <param name="names">Their names.</param>
    /// <param name="interfaces">The interfaces now.</param>
    /// <param name="revision">The revision of the last write until now.</param>
    public void Observe(IEnumerable<string> names, InterfaceTable interfaces, long revision)
    {
        foreach (var name in names)
        {
            if (interfaces.Find(name) is not null)
                _gone.Remove(name);
            else if (state.EndingEntries.Of(name).Count > 0 && !_gone.ContainsKey(name))
            {
                var gone = _gone[name] = new Gone(name, revision, time.GetTimestamp());
                Expect(gone, NextOf(gone));
            }
        }
    }

    /// <summary>Takes the entries that were written since the last call: the time of one whose interface does not exist begins now.</summary>
    /// <param name="interfaces">The interfaces now.</param>
    /// <param name="revision">The revision of the last write.</param>
    public void ObserveWrites(InterfaceTable interfaces, long revision)
    {
        foreach (var (name, after) in state.TakeWrittenEndings())
        {
            if (after is not { } pause || interfaces.Find(name) is not null)
                continue;
            var now = time.GetTimestamp();
            if (!_gone.TryGetValue(name, out var gone))
                _gone[name] = gone = new Gone(name, null, now);
            gone.Add(revision, now);
            Expect(gone, now + TicksOf(pause));
        }
    }

    /// <summary>Returns the interfaces of which entries are due. Each comes again after a second, until they are deleted.</summary>
    public IReadOnlyList<string> TakeDue()
    {
        var now = time.GetTimestamp();
        if (now < Earliest)
            return [];
        Earliest = long.MaxValue;
        List<string> due = [];
        foreach (var gone in _gone.Values)
        {
            var next = gone.Due > now ? gone.Due : NextOf(gone);
            if (next <= now)
                due.Add(gone.Name);
            gone.Due = long.MaxValue;
            Expect(gone, next <= now ? now + TicksOf(Retry) : next);
        }

        return due;
    }

    /// <summary>Returns the entries for an interface that are due now: none if the interface exists again.</summary>
    public IReadOnlyCollection<EntryId> DueOf(string name, InterfaceTable interfaces)
    {
        if (interfaces.Find(name) is not null || !_gone.TryGetValue(name, out var gone))
            return [];
        var now = time.GetTimestamp();
        return [.. state.EndingEntries.Of(name).Where(id => TryFind(id, out var record) && EndOf(gone, record) <= now)];
    }

    /// <summary>Returns when the next entry of an interface is due.</summary>
    private long NextOf(Gone gone)
    {
        var next = long.MaxValue;
        foreach (var id in state.EndingEntries.Of(gone.Name))
        {
            if (TryFind(id, out var record))
                next = Math.Min(next, EndOf(gone, record));
        }

        return next;
    }

    private void Expect(Gone gone, long due)
    {
        gone.Due = Math.Min(gone.Due, due);
        Earliest = Math.Min(Earliest, gone.Due);
    }

    private bool TryFind(EntryId id, [NotNullWhen(true)] out EntryRecord? record)
    {
        record = state.Find(id.Devmap)?.Entries.Find(id.Key)?.Record;
        return record is not null;
    }

    // An entry that is written while its interface does not exist waits for it: only a later removal deletes it at once.
    private long EndOf(Gone gone, EntryRecord record) => record.Spec switch
    {
        { OnInterfaceGone: OnInterfaceGone.Delete } => gone.Removed >= record.Revision ? long.MinValue : long.MaxValue,
        { OnInterfaceGone: OnInterfaceGone.DeleteAfter, DeleteAfter: { } after } => gone.SinceFor(record.Revision) is { } since ? since + TicksOf(after) : long.MaxValue,
        _ => long.MaxValue,
    };

    private long TicksOf(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);

    /// <summary>An interface that does not exist.</summary>
    /// <param name="name">The name.</param>
    /// <param name="removed">The revision of the last write before the interface went, or before the start; null if only writes say that it does not exist.</param>
    /// <param name="since">When it went, as a timestamp.</param>
    private sealed class Gone(string name, long? removed, long since)
    {
        // Entries up to a revision count from a time, in order of both.
        private readonly List<(long Revision, long Since)> _times = removed is { } last ? [(last, since)] : [];

        public string Name => name;

        public long? Removed => removed;

        public long Due { get; set; } = long.MaxValue;

        public void Add(long revision, long now)
        {
            if (_times.Count == MostWrites)
                _times.RemoveAt(0);
            if (_times.Count == 0 || _times[^1].Revision < revision)
                _times.Add((revision, now));
        }

        public long? SinceFor(long revision)
        {
            foreach (var (last, time) in _times)
            {
                if (revision <= last)
                    return time;
            }

            return null;
        }
    }
}
