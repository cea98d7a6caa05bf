using System.Collections.Frozen;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.State;

/// <summary>
/// The calls that their callers have marked with keys, with their answers. A call is kept for a day. The table is bounded: all accounts have equal
/// parts of it, and the oldest calls of an account give way to its new ones. For the writer's thread.
/// </summary>
/// <param name="mostBytes">Most bytes of all calls.</param>
internal sealed class CallTable(long mostBytes = 64 << 20)
{
    // One write forgets few calls, so that it does not wait for them.
    private const int MostForgotten = 64;

    // The memory of a call beside its answer, and of a part.
    private const int BytesOfCall = 256, BytesOfPart = 64;

    private static readonly TimeSpan _lifetime = TimeSpan.FromDays(1);

    private readonly Dictionary<CallId, Kept> _calls = [];
    private readonly Dictionary<string, Account> _accounts = new(StringComparer.Ordinal);

    /// <summary>Returns a call; null if there is none, or its day is over.</summary>
    public KeyedCall? Find(CallId id, DateTimeOffset now) =>
        _calls.TryGetValue(id, out var kept) && now - kept.Call.Time < _lifetime ? kept.Call : null;

    /// <summary>Returns a call, however old; null if there is none.</summary>
    public KeyedCall? Find(CallId id) => _calls.GetValueOrDefault(id)?.Call;

    /// <summary>Returns the items of a call that have happened, by their indexes.</summary>
    public IReadOnlyDictionary<int, CallPart> PartsOf(CallId id) =>
        _calls.GetValueOrDefault(id) is { } kept ? kept.Parts.ToFrozenDictionary() : FrozenDictionary<int, CallPart>.Empty;

    /// <summary>Returns an item of a call that has happened; null if it has not.</summary>
    public CallPart? PartOf(CallId id, int item) => _calls.GetValueOrDefault(id)?.Parts.GetValueOrDefault(item);

    /// <summary>Puts a call in the place of another of its identity; null removes it.</summary>
    public void Set(CallId id, KeyedCall? call)
    {
        var before = _calls.GetValueOrDefault(id);
        // The parts of a call go into its answer.
        var after = call is null ? null : new Kept(call, call.Answer is null && before?.Call.Time == call.Time ? before.Parts : []);
        if (after is null)
            _calls.Remove(id);
        else
            _calls[id] = after;
        if (!_accounts.TryGetValue(id.Account, out var account))
            _accounts.Add(id.Account, account = new Account());
        account.Bytes += (after?.Bytes ?? 0) - (before?.Bytes ?? 0);
        account.Calls += (after is null ? 0 : 1) - (before is null ? 0 : 1);
        if (after is not null && after.Call.Time != before?.Call.Time)
            account.Ages.Enqueue((after.Call.Time, id));
        account.Trim(_calls);
        if (account.Calls == 0)
            _accounts.Remove(id.Account);
    }

    /// <summary>Adds an item that has happened.</summary>
    public void Add(CallPart part)
    {
        if (_calls.TryGetValue(part.Id, out var kept) && kept.Parts.TryAdd(part.Item, part))
            _accounts[part.Id.Account].Bytes += BytesOfPart;
    }

    /// <summary>Returns calls that must be forgotten when another one is added: they are too old, or their account has too many.</summary>
    public IReadOnlyList<KeyedCall> Outdated(DateTimeOffset now)
    {
        var outdated = new List<KeyedCall>();
        var share = mostBytes / Math.Max(1, _accounts.Count);
        foreach (var account in _accounts.Values)
        {
            var bytes = account.Bytes;
            foreach (var (time, id) in account.Ages)
            {
                if (outdated.Count == MostForgotten || (now - time < _lifetime && bytes <= share))
                    break;
                if (!_calls.TryGetValue(id, out var kept) || kept.Call.Time != time)
                    continue;
                outdated.Add(kept.Call);
                bytes -= kept.Bytes;
            }
        }

        return outdated;
    }

    private sealed record Kept(KeyedCall Call, Dictionary<int, CallPart> Parts)
    {
        public long Bytes => BytesOfCall + (Call.Answer?.Length ?? 0) + (Parts.Count * BytesOfPart);
    }

    private sealed class Account
    {
        // The calls by their times. Some may be gone.
        public Queue<(DateTimeOffset Time, CallId Id)> Ages { get; } = [];

        public long Bytes { get; set; }

        public int Calls { get; set; }

        public void Trim(Dictionary<CallId, Kept> calls)
        {
            while (Ages.TryPeek(out var oldest) && !(calls.TryGetValue(oldest.Id, out var kept) && kept.Call.Time == oldest.Time))
                Ages.Dequeue();
        }
    }
}
