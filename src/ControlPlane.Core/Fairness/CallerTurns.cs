using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Fairness;

/// <summary>
/// Work of several callers that waits. It is taken from the callers in turn, from the lines of one caller in turn, and that of one line in its
/// order: a caller with much work delays another by one piece. Not safe for several threads.
/// </summary>
/// <typeparam name="T">A piece of work.</typeparam>
internal sealed class CallerTurns<T>
{
    private static readonly object _onlyLine = new();

    private readonly Dictionary<CallerAccount, Caller> _callers = [];
    private readonly Queue<Caller> _turns = [];

    /// <summary>The number of pieces that wait.</summary>
    public int Count { get; private set; }

    /// <summary>Returns the number of pieces of one caller.</summary>
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
        own.Add(line ?? _onlyLine, work);
        Count++;
    }

    /// <summary>Takes the next piece; false if none waits.</summary>
    public bool TryTake([MaybeNullWhen(false)] out T work)
    {
        work = default;
        if (!_turns.TryDequeue(out var caller))
            return false;
        work = caller.Take();
        Count--;
        if (caller.Count > 0)
            _turns.Enqueue(caller);
        else
            _callers.Remove(caller.Account);
        return true;
    }

    private sealed class Caller(CallerAccount account)
    {
        private readonly Dictionary<object, Line> _lines = [];
        private readonly Queue<Line> _turns = [];

        public CallerAccount Account => account;

        public int Count { get; private set; }

        public void Add(object of, T work)
        {
            ref var line = ref CollectionsMarshal.GetValueRefOrAddDefault(_lines, of, out var waits);
            line ??= new Line(of, []);
            if (!waits)
                _turns.Enqueue(line);
            line.Work.Enqueue(work);
            Count++;
        }

        public T Take()
        {
            var line = _turns.Dequeue();
            var work = line.Work.Dequeue();
            Count--;
            if (line.Work.Count > 0)
                _turns.Enqueue(line);
            else
                _lines.Remove(line.Of);
            return work;
        }
    }

    private sealed record Line(object Of, Queue<T> Work);
}
