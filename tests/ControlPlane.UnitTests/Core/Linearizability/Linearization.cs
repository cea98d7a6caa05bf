using System.Numerics;

namespace ControlPlane.UnitTests.Core.Linearizability;

/// <summary>
/// Whether there is an order of a history's calls, each between its beginning and its end, in which the model answers every one as
/// it was answered (Wing and Gong's search; positions that were tried in vain are remembered, as Lowe does).
/// </summary>
internal sealed class Linearization
{
    /// <summary>Most calls of a history: one bit each.</summary>
    public const int MostCalls = 64;

    private const int MostPositions = 500_000;

    private readonly IReadOnlyList<Call> _calls;
    private readonly HashSet<(ulong Done, string Model)> _inVain = [];

    private Linearization(IReadOnlyList<Call> calls) => _calls = calls;

    /// <summary>Searches for the order.</summary>
    /// <exception cref="InvalidOperationException">The search is too long to be ended.</exception>
    public static bool Exists(IEnumerable<Call> history, Model start)
    {
        // By their ends, which is the order that most often is right.
        var calls = history.OrderBy(c => c.Ended).ToList();
        ArgumentOutOfRangeException.ThrowIfGreaterThan(calls.Count, MostCalls);
        return new Linearization(calls).From(0, start);
    }

    private bool From(ulong done, Model model)
    {
        if (BitOperations.PopCount(done) == _calls.Count)
            return true;
        if (!_inVain.Add((done, model.Identity)))
            return false;
        if (_inVain.Count > MostPositions)
            throw new InvalidOperationException($"not decided after {MostPositions} positions");
        // A call that began after another had ended cannot come before it.
        var firstEnd = long.MaxValue;
        for (var i = 0; i < _calls.Count; i++)
        {
            var call = _calls[i];
            if ((done & (1ul << i)) != 0)
                continue;
            firstEnd = Math.Min(firstEnd, call.Ended);
            if (call.Begun <= firstEnd && model.After(call) is { } after && From(done | (1ul << i), after))
                return true;
        }

        return false;
    }
}
