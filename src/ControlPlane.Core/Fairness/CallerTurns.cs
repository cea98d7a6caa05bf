using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Fairness;

/// <summary>
/// Work of several callers that waits. It is taken from the callers in turn, and that of one caller in its order: a caller with much work delays
/// another by one piece. Not safe for several threads.
/// </summary>
/// <typeparam name="T">A piece of work.</typeparam>
internal sealed class CallerTurns<T>
{
    private readonly Dictionary<CallerAccount, Line> _lines = [];
    private readonly Queue<Line> _turns = [];

    /// <summary>The number of pieces that wait.</summary>
    public int Count { get; private set; }

    /// <summary>Returns the number of pieces of one caller.</summary>
    public int CountOf(CallerAccount caller) => _lines.TryGetValue(caller, out var line) ? line.Work.Count : 0;

    /// <summary>Adds a piece.</summary>
    public void Add(CallerAccount caller, T work)
    {
        ref var line = ref CollectionsMarshal.GetValueRefOrAddDefault(_lines, caller, out var waits);
        line ??= new Line(caller);
        if (!waits)
            _turns.Enqueue(line);
        line.Work.Enqueue(work);
        Count++;
    }

    /// <summary>Takes the next piece; false if none waits.</summary>
    public bool TryTake([MaybeNullWhen(false)] out T work)
    {
        work = default;
        if (!_turns.TryDequeue(out var line))
            return false;
        work = line.Work.Dequeue();
        Count--;
        if (line.Work.Count > 0)
            _turns.Enqueue(line);
        else
            _lines.Remove(line.Caller);
        return true;
    }

    private sealed record Line(CallerAccount Caller)
    {
        public Queue<T> Work { get; } = [];
    }
}
