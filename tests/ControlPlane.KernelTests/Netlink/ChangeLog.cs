using ControlPlane.Core.Ports;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Netlink;

/// <summary>The changes that a watcher received.</summary>
internal sealed class ChangeLog : IDisposable
{
    private readonly Lock _lock = new();
    private readonly HashSet<string> _names = [];
    private readonly IDisposable _watch;
    private bool _everything;

    public ChangeLog(IInterfaces interfaces) => _watch = interfaces.Watch(changes =>
    {
        lock (_lock)
        {
            _names.UnionWith(changes.Names);
            _everything |= changes.Everything;
        }
    });

    public bool Everything
    {
        get
        {
            lock (_lock)
                return _everything;
        }
    }

    public bool Has(string name)
    {
        lock (_lock)
            return _names.Contains(name);
    }

    /// <summary>Waits for the name, and forgets it.</summary>
    public async Task ExpectAsync(string name)
    {
        await Eventually.Async(() => Has(name), what: $"told of {name}");
        lock (_lock)
            _names.Remove(name);
    }

    public void Dispose() => _watch.Dispose();
}
