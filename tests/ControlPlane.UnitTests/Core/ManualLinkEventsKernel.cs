using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.UnitTests.Core;

/// <summary>A kernel whose link notifications come only when the test says so: what else the core knows of interfaces it has asked for.</summary>
internal sealed class ManualLinkEventsKernel(IKernel inner) : IKernel, IInterfaces
{
    private Action<LinkChanges>? _watcher;

    public HostFacts Host => inner.Host;

    public IInterfaces Interfaces => this;

    public IEgressPrograms Programs => inner.Programs;

    public IActionDryRun Actions => inner.Actions;

    public IPassPrograms PassPrograms => inner.PassPrograms;

    public IDropCounters Drops => inner.Drops;

    public InterfaceTable Current { get; private set; } = inner.Interfaces.Current;

    /// <summary>The monitored table is as of now.</summary>
    public void CatchUp() => Current = inner.Interfaces.Current;

    /// <summary>A notification of this name comes.</summary>
    public void Notify(string name) => _watcher!(new LinkChanges(new HashSet<string> { name }, Everything: false));

    public IDevmap ChangeDevmap(WriterScope scope, IDevmap devmap, DevmapRecord definition) => inner.ChangeDevmap(scope, devmap, definition);

    public bool RemoveDevmap(WriterScope scope, string devmap) => inner.RemoveDevmap(scope, devmap);

    public IReadOnlyList<DevmapRecord> FindDevmaps(WriterScope scope) => inner.FindDevmaps(scope);

    public IDevmap OpenDevmap(WriterScope scope, DevmapRecord definition, long committed) => inner.OpenDevmap(scope, definition, committed);

    /// <summary>The exception of every question for an interface; null if questions are answered.</summary>
    public Exception? Fault { get; set; }

    public InterfaceTable Refresh() => Current = Fault is null ? inner.Interfaces.Refresh() : throw Fault;

    public void Invalidate(uint ifindex) => inner.Interfaces.Invalidate(ifindex);

    public InterfaceInfo? Query(string name) => Fault is null ? inner.Interfaces.Query(name) : throw Fault;

    public InterfaceInfo? Query(uint ifindex) => Fault is null ? inner.Interfaces.Query(ifindex) : throw Fault;

    public void SetPromiscuous(WriterScope scope, uint ifindex, bool promiscuous) => inner.Interfaces.SetPromiscuous(scope, ifindex, promiscuous);

    public IDisposable Watch(Action<LinkChanges> onChange)
    {
        _watcher = onChange;
        return inner.Interfaces.Watch(_ => { });
    }

    public void Dispose() => inner.Dispose();
}
