using ControlPlane.Core.Devmaps;
using ControlPlane.Core.Entries;
using ControlPlane.Core.Host;
using ControlPlane.Core.Ports;
using ControlPlane.Core.Programs;
using Devmapd.V1;

namespace ControlPlane.FunctionalTests.Grpc;

/// <summary>A kernel that keeps the writer in the middle of loading a program, so that what comes after it waits.</summary>
internal sealed class HeldKernel(IKernel inner) : IKernel, IEgressPrograms, IDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(30);
    private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _release = new();
    private Task _loading = Task.CompletedTask;

    public HostFacts Host => inner.Host;

    public IInterfaces Interfaces => inner.Interfaces;

    public IEgressPrograms Programs => this;

    /// <summary>Sends the writer into a write that does not end.</summary>
    public async Task HoldAsync(GrpcDaemon daemon)
    {
        var client = new Devmapd.V1.ProgramService.ProgramServiceClient(daemon.Channel);
        _loading = client.PutProgramAsync(new() { Program = "held", Template = ProgramTemplate.Count }).ResponseAsync;
        await _held.Task.WaitAsync(_deadline);
    }

    /// <summary>Lets the write end.</summary>
    public Task ReleaseAsync()
    {
        _release.Set();
        return _loading.WaitAsync(_deadline);
    }

    public IDevmap OpenDevmap(WriterScope scope, DevmapDefinition definition) => inner.OpenDevmap(scope, definition);

    public IReadOnlyList<LoadedProgram> Adopt(WriterScope scope) => inner.Programs.Adopt(scope);

    public LoadedProgram Load(WriterScope scope, string name, EgressProgramSpec spec)
    {
        _held.TrySetResult();
        _release.Wait(_deadline);
        return inner.Programs.Load(scope, name, spec);
    }

    public bool Unload(WriterScope scope, string name) => inner.Programs.Unload(scope, name);

    public EntryCounters ReadCounters(string name) => inner.Programs.ReadCounters(name);

    public void Dispose()
    {
        _release.Dispose();
        inner.Dispose();
    }
}
