using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.FunctionalTests.Hosting;

/// <summary>A kernel whose answers a test can hold back, or turn into exceptions that nothing foresees.</summary>
internal sealed class GatedKernel(IKernel kernel) : IKernel, IInterfaces
{
    private readonly ManualResetEventSlim _open = new(initialState: true);
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _broken;

    /// <summary>Closes the gate as soon as this holds.</summary>
    public Func<bool>? ClosesWhen { get; set; }

    /// <summary>Ends when somebody waits at the closed gate.</summary>
    public Task Reached => _reached.Task;

    public HostFacts Host => kernel.Host;

    public IInterfaces Interfaces => this;

    public IEgressPrograms Programs => kernel.Programs;

    public IDropCounters Drops => kernel.Drops;

    public IActionDryRun Actions => kernel.Actions;

    public IPassPrograms PassPrograms => kernel.PassPrograms;

    InterfaceTable IInterfaces.Current => kernel.Interfaces.Current;

    public GatedKernel Close()
    {
        _open.Reset();
        return this;
    }

    public void Open()
    {
        ClosesWhen = null;
        _open.Set();
    }

    public void Break() => _broken = true;

    public IDevmap ChangeDevmap(WriterScope scope, IDevmap devmap, DevmapRecord definition) => kernel.ChangeDevmap(scope, devmap, definition);

    public bool RemoveDevmap(WriterScope scope, string devmap) => kernel.RemoveDevmap(scope, devmap);

    public IReadOnlyList<DevmapRecord> FindDevmaps(WriterScope scope) => kernel.FindDevmaps(scope);

    public IDevmap OpenDevmap(WriterScope scope, DevmapRecord definition, long committed)
    {
        Pass();
        return kernel.OpenDevmap(scope, definition, committed);
    }

    public void Dispose()
    {
        kernel.Dispose();
        _open.Dispose();
    }

    InterfaceTable IInterfaces.Refresh()
    {
        Pass();
        return kernel.Interfaces.Refresh();
    }

    void IInterfaces.Invalidate(uint ifindex) => kernel.Interfaces.Invalidate(ifindex);

    InterfaceInfo? IInterfaces.Query(string name)
    {
        Pass();
        return kernel.Interfaces.Query(name);
    }

    InterfaceInfo? IInterfaces.Query(uint ifindex)
    {
        Pass();
        return kernel.Interfaces.Query(ifindex);
    }

    void IInterfaces.SetPromiscuous(WriterScope scope, uint ifindex, bool promiscuous) => kernel.Interfaces.SetPromiscuous(scope, ifindex, promiscuous);

    IDisposable IInterfaces.Watch(Action<LinkChanges> onChange) => kernel.Interfaces.Watch(onChange);

    private void Pass()
    {
        if (_broken)
            throw new InvalidOperationException("broken by the test");
        if (ClosesWhen?.Invoke() == true)
            Close();
        if (!_open.IsSet)
            _reached.TrySetResult();
        if (!_open.Wait(TimeSpan.FromSeconds(30)))
            throw new TimeoutException("the test did not open the gate");
    }
}
