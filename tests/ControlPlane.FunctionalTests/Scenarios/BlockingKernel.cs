using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.FunctionalTests.Scenarios;

/// <summary>A kernel that keeps the writer in the middle of loading a program, so that what comes after it waits.</summary>
internal sealed class BlockingKernel(IKernel inner) : IKernel, IEgressPrograms, IDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(30);
    private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _release = new();
    private Task _loading = Task.CompletedTask;

    public HostFacts Host => inner.Host;

    public IInterfaces Interfaces => inner.Interfaces;

    public IDropCounters Drops => inner.Drops;

    public IActionDryRun Actions => inner.Actions;

    public IPassPrograms PassPrograms => inner.PassPrograms;

    public IEgressPrograms Programs => this;

    /// <summary>Sends the writer into a write that does not end: the load of a program, which <paramref name="load"/> asks for.</summary>
    public Task HoldAsync(Func<Task> load)
    {
        _loading = load();
        return _held.Task.WaitAsync(_deadline);
    }

    /// <summary>Lets the write end.</summary>
    public Task ReleaseAsync()
    {
        _release.Set();
        return _loading.WaitAsync(_deadline);
    }

    public IDevmap ChangeDevmap(WriterScope scope, IDevmap devmap, DevmapRecord definition) => inner.ChangeDevmap(scope, devmap, definition);

    public bool RemoveDevmap(WriterScope scope, string devmap) => inner.RemoveDevmap(scope, devmap);

    public IReadOnlyList<DevmapRecord> FindDevmaps(WriterScope scope) => inner.FindDevmaps(scope);

    public IDevmap OpenDevmap(WriterScope scope, DevmapRecord definition, long committed) => inner.OpenDevmap(scope, definition, committed);

    public IReadOnlyList<LoadedProgram> Adopt(WriterScope scope) => inner.Programs.Adopt(scope);

    public LoadedProgram Load(WriterScope scope, string name, EgressProgramConfig spec)
    {
        _held.TrySetResult();
        _release.Wait(_deadline);
        return inner.Programs.Load(scope, name, spec);
    }

    public bool Unload(WriterScope scope, string name) => inner.Programs.Unload(scope, name);

    public EntryCounters ReadCounters(string name) => inner.Programs.ReadCounters(name);

    public EgressVerdict DryRun(EgressProgramConfig spec, ReadOnlyMemory<byte> frame) => inner.Programs.DryRun(spec, frame);

    public void Dispose()
    {
        _release.Dispose();
        inner.Dispose();
    }
}
