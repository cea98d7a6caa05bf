using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.FunctionalTests.Grpc;

/// <summary>A kernel that fails whoever asks about the host.</summary>
internal sealed class FailingKernel(IKernel inner, Exception failure) : IKernel
{
    public HostFacts Host => throw failure;

    public IInterfaces Interfaces => inner.Interfaces;

    public IDropCounters Drops => inner.Drops;

    public IActionDryRun Actions => inner.Actions;

    public IPassPrograms PassPrograms => inner.PassPrograms;

    public IEgressPrograms Programs => inner.Programs;

    public IDevmap ChangeDevmap(WriterScope scope, IDevmap devmap, DevmapRecord definition) => inner.ChangeDevmap(scope, devmap, definition);

    public bool RemoveDevmap(WriterScope scope, string devmap) => inner.RemoveDevmap(scope, devmap);

    public IReadOnlyList<DevmapRecord> FindDevmaps(WriterScope scope) => inner.FindDevmaps(scope);

    public IDevmap OpenDevmap(WriterScope scope, DevmapRecord definition, long committed) => inner.OpenDevmap(scope, definition, committed);

    public void Dispose() => inner.Dispose();
}
