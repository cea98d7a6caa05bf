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

    /// <summary>Returns the changes since the last call; null if there are none.</summary>
    public LinkChanges? Take()
    {
        lock (_lock)
        {
            if (_names.Count == 0 && !_everything)
                return null;
            var taken = new LinkChanges(_names, _everything);
            (_names, _everything) = (new HashSet<string>(StringComparer.Ordinal), false);
            return taken;
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
