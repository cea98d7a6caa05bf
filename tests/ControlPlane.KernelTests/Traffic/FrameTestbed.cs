using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Hosting;
using ControlPlane.Kernel.Netlink;
using ControlPlane.TestCommon.Lab;
using Microsoft.Extensions.Logging.Abstractions;

namespace ControlPlane.KernelTests.Traffic;

/// <summary>
/// A namespace with an interface that frames arrive on and two that they may leave by, each with its far end, and the kernel
/// layer at work in it. Writes to the kernel run inside, because the kernel resolves indexes there.
/// </summary>
public sealed class FrameTestbed : IAsyncDisposable, IDisposable
{
    private readonly UndoStack _undo = new();
    private readonly NetlinkInterfaces _interfaces;
    private readonly string _pinRoot = LabNames.NextPinRoot();

    public FrameTestbed()
    {
        Space = _undo.Add(NetworkNamespace.Create());
        Ingress = _undo.Add(new TestInterface(Space));
        Target = _undo.Add(new TestInterface(Space));
        Other = _undo.Add(new TestInterface(Space));
        _undo.Add(() => Directory.Delete(_pinRoot, recursive: true));
        _interfaces = _undo.Add(Space.Run(() => new NetlinkInterfaces(NullLogger<NetlinkInterfaces>.Instance)));
        Kernel = StartKernel();
        _undo.Add(() => Kernel.Dispose());
    }

    public NetworkNamespace Space { get; }

    public TestInterface Ingress { get; }

    public TestInterface Target { get; }

    public TestInterface Other { get; }

    public IKernel Kernel { get; private set; }

    /// <summary>Opens a devmap under a name of its own, or adopts it.</summary>
    public TestDevmap Open(DevmapRecord definition) => new(this, definition);

    /// <summary>As a daemon that starts again would find it.</summary>
    public void Restart(Action? meanwhile = null)
    {
        Kernel.Dispose();
        meanwhile?.Invoke();
        Kernel = StartKernel();
        Space.Run(() => Kernel.Programs.Adopt(new WriterScope(granted: true)));
        Space.Run(() => Kernel.Targets.Adopt(new WriterScope(granted: true)));
    }

    public string PinFolder(string devmap) => Path.Combine(_pinRoot, "devmaps", devmap);

    public ValueTask DisposeAsync() => _undo.DisposeAsync();

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private LibbpfKernel StartKernel() =>
        Space.Run(() => new LibbpfKernel(new KernelOptions { PinRoot = _pinRoot }, _interfaces, NullLoggerFactory.Instance));
}
