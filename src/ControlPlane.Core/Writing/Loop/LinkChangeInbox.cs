using ControlPlane.Core.Ports;

namespace ControlPlane.Core.Writing.Loop;

/// <summary>
/// Folds link changes until the writer takes them: however fast links flap, what waits is at most one set of names. So
/// they need no place in the bounded queue, where a full queue could lose them.
/// </summary>
internal sealed class LinkChangeInbox(Action wake) : IDisposable
{
    private readonly Lock _lock = new();
    private HashSet<string> _names = new(StringComparer.Ordinal);
    private bool _everything;
    private IDisposable? _subscription;

    public void Watch(IInterfaces interfaces) => _subscription = interfaces.Watch(Add);

    public void AddEverything() => Add(new LinkChanges(new HashSet<string>(), Everything: true));

    /// <summary>Whether there are no changes.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_lock)
                return _names.Count == 0 && !_everything;
        }
    }

    /// <summary>Returns the changes since the last call, and the names that stay because the writer is busy with them; null if there is nothing to take.</summary>
    public (LinkChanges Changes, IReadOnlySet<string> Later)? Take(IReadOnlySet<string> busy)
    {
        lock (_lock)
        {
            var later = _everything ? busy.ToHashSet(StringComparer.Ordinal) : _names.Where(busy.Contains).ToHashSet(StringComparer.Ordinal);
            _names.ExceptWith(later);
            if (_names.Count == 0 && !_everything)
            {
                _names = later;
                return null;
            }

            var taken = new LinkChanges(_names, _everything);
            // The writer reads its set while changes go on.
            (_names, _everything) = (new HashSet<string>(later, StringComparer.Ordinal), false);
            return (taken, later);
        }
    }

    public void Dispose() => _subscription?.Dispose();

    private void Add(LinkChanges changes)
    {
        lock (_lock)
        {
            var first = _names.Count == 0 && !_everything;
            _names.UnionWith(changes.Names);
            _everything |= changes.Everything;
            if (!first)
                return;
        }

        wake();
    }
}
