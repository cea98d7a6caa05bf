using System.Collections.Concurrent;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Commands;
using ControlPlane.Core.Writing.Loop;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Api;

/// <summary>
/// Rehearses tables: real frames are looked up in the active table and in the one of the request, for a bounded time. The candidate is built
/// beside the writer, which only switches the programs of the ingress interfaces. Other writes go on meanwhile; the candidate does not follow them.
/// </summary>
internal sealed class RehearsalRunner(ControlPlaneState state, DevmapWriter writer, IKernel kernel, TimeProvider time)
{
    private readonly ConcurrentDictionary<DevmapId, DateTimeOffset> _ends = [];

    /// <summary>Whether a table is rehearsed now.</summary>
    public bool IsUnderWay => !_ends.IsEmpty;

    /// <summary>Compares frames with the table that a difference makes. Ends early, with the comparison, if the request is cancelled.</summary>
    /// <param name="id">The devmap.</param>
    /// <param name="difference">The difference.</param>
    /// <param name="duration">How long frames are compared.</param>
    /// <param name="request">The request.</param>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.WriterBusy"/>: another table of the devmap is rehearsed, or the devmap got other settings meanwhile.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public async Task<RehearsalResult> RunAsync(DevmapId id, TableDifference difference, TimeSpan duration, RequestContext request)
    {
        var now = time.GetUtcNow();
        if (!_ends.TryAdd(id, now + duration))
            throw new ControlPlaneException(DevmapErrors.RehearsalUnderWay(id.Name, _ends.GetValueOrDefault(id, now) - now));
        try
        {
            var map = state.Handles[id];
            using var rehearsal = map.PrepareRehearsal();
            await Task.Run(() => Fill(rehearsal, id, difference), request.Cancellation);
            var before = CountersOf(map, difference);
            var started = time.GetTimestamp();
            try
            {
                await writer.SubmitAsync(new RehearseCommand(rehearsal, begins: true), request);
                started = time.GetTimestamp();
                await Task.Delay(duration, time, request.Cancellation);
            }
            finally
            {
                await writer.SubmitAsync(new RehearseCommand(rehearsal, begins: false), RequestContext.OfDaemon());
            }

            // The programs of other settings compare nothing.
            if (state.Handles[id] != map)
                throw new ControlPlaneException(DevmapErrors.RehearsalCutOff(id.Name));
            return new RehearsalResult(time.GetElapsedTime(started), rehearsal.Read(), before, CountersOf(map, difference));
        }
        finally
        {
            _ends.TryRemove(id, out _);
        }
    }

    private void Fill(IRehearsal rehearsal, DevmapId id, TableDifference difference)
    {
        if (state.Current.Find(id)?.Entries is not { } entries)
            return;
        foreach (var (key, element) in PlannedElements.Of(entries, difference, kernel.Interfaces.Current))
        {
            try
            {
                rehearsal.Write(key, element.Ifindex, element.Program);
            }
            catch (KernelException e) when (e.Errno == Errno.EINVAL)
            {
                // The interface was removed a moment ago.
            }
        }
    }

    private static Dictionary<uint, EntryCounters> CountersOf(IDevmapReader map, TableDifference difference) => difference.Writes
        .Select(w => w.Before?.KernelKey).OfType<uint>().Distinct().ToDictionary(key => key, map.ReadCounters);
}

/// <summary>The result of a rehearsal.</summary>
internal sealed class RehearsalResult
{
    private static readonly RehearsedTraffic None = new(0, 0);
    private readonly Dictionary<uint, RehearsedTraffic> _traffic;

    /// <param name="duration">How long frames were compared.</param>
    /// <param name="counts">The counts.</param>
    /// <param name="before">The counters of entries that would change or go, before the rehearsal.</param>
    /// <param name="after">The same after it.</param>
    public RehearsalResult(TimeSpan duration, RehearsalCounts counts, Dictionary<uint, EntryCounters> before, Dictionary<uint, EntryCounters> after)
    {
        Rehearsal = new Rehearsal(
            (long)duration.TotalMilliseconds, Of(RehearsalVerdict.Same), Of(RehearsalVerdict.OtherTarget), Of(RehearsalVerdict.WouldMiss), Of(RehearsalVerdict.WouldHit),
            Of(RehearsalVerdict.StillMisses));
        // Where the target stays, the frames are those that the entry has counted. A counter that has begun again says nothing.
        _traffic = after.Where(a => before.ContainsKey(a.Key) && a.Value.Packets >= before[a.Key].Packets)
            .ToDictionary(a => a.Key, a => new RehearsedTraffic(a.Value.Packets - before[a.Key].Packets, a.Value.Bytes - before[a.Key].Bytes));
        foreach (var key in counts.Keys.GroupBy(k => k.KernelKey))
            _traffic[key.Key] = new RehearsedTraffic(Sum(key, k => k.Packets), Sum(key, k => k.Bytes));

        RehearsedTraffic Of(RehearsalVerdict verdict) => new(counts.Totals[verdict].Packets, counts.Totals[verdict].Bytes);

        static ulong Sum(IEnumerable<RehearsedKey> keys, Func<EntryCounters, ulong> of) => keys.Aggregate(0ul, (sum, k) => sum + of(k.Traffic));
    }

    /// <summary>The frames by verdict.</summary>
    public Rehearsal Rehearsal { get; }

    /// <summary>Returns the frames that a write would have concerned.</summary>
    public RehearsedTraffic TrafficOf(ResolvedWrite write) =>
        (write.KernelKey ?? write.Before?.KernelKey) is { } key ? _traffic.GetValueOrDefault(key, None) : None;
}
