using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Fairness;

/// <summary>
/// Work of several callers that waits. It is taken from the callers in turn, from the lines of one caller in turn, and that of one line in its
/// order: a caller with much work delays another by one piece. Not safe for several threads.
/// </summary>
/// <typeparam name="T">A piece of work.</typeparam>
/// <param name="weigh">Returns how much a piece counts; null if each counts as one.</param>
internal sealed class CallerTurns<T>(Func<T, int>? weigh = null)
{
    private static readonly object _onlyLine = new();

    private readonly Dictionary<CallerAccount, Caller> _callers = [];
    private readonly Queue<Caller> _turns = [];

    /// <summary>The pieces that wait, each as much as it counts.</summary>
    public int Count { get; private set; }

    /// <summary>Returns the pieces of one caller, each as much as it counts.</summary>
    public int CountOf(CallerAccount caller) => _callers.TryGetValue(caller, out var known) ? known.Count : 0;

    /// <summary>Adds a piece.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="work">The piece.</param>
    /// <param name="line">The line of the caller, for instance a connection; null if the caller has only one.</param>
    public void Add(CallerAccount caller, T work, object? line = null)
    {
        ref var own = ref CollectionsMarshal.GetValueRefOrAddDefault(_callers, caller, out var waits);
        own ??= new Caller(caller);
        if (!waits)
            _turns.Enqueue(own);
        var weight = WeightOf(work);
        own.Add(line ?? _onlyLine, work, weight);
        Count += weight;
    }

    /// <summary>Takes the next piece; false if none waits.</summary>
    public bool TryTake([MaybeNullWhen(false)] out T work)
    {
        work = default;
        if (!_turns.TryDequeue(out var caller))
            return false;
        work = caller.Take();
        var weight = WeightOf(work);
        caller.Count -= weight;
        Count -= weight;
        if (caller.Count > 0)
            _turns.Enqueue(caller);
        else
            _callers.Remove(caller.Account);
        return true;
    }

    private int WeightOf(T work) => weigh?.Invoke(work) ?? 1;

    private sealed class Caller(CallerAccount account)
    {
        private readonly Dictionary<object, Line> _lines = [];
        private readonly Queue<Line> _turns = [];

        public CallerAccount Account => account;

        public int Count { get; set; }

        public void Add(object of, T work, int weight)
        {
            ref var line = ref CollectionsMarshal.GetValueRefOrAddDefault(_lines, of, out var waits);
            line ??= new Line(of, []);
            if (!waits)
                _turns.Enqueue(line);
            line.Work.Enqueue(work);
            Count += weight;
        }

        public T Take()
        {
            var line = _turns.Dequeue();
            var work = line.Work.Dequeue();
            if (line.Work.Count > 0)
                _turns.Enqueue(line);
            else
                _lines.Remove(line.Of);
            return work;
        }
    }

    private sealed record Line(object Of, Queue<T> Work);
}
