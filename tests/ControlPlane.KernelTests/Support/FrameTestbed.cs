using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Support;

/// <summary>
/// A namespace with one ingress interface and two targets, each with its far end, and the kernel layer in it. Writes to the kernel run
/// inside the namespace, because the kernel looks up indexes in the namespace of the caller.
/// </summary>
public sealed class FrameTestbed : IAsyncDisposable, IDisposable
{
    private readonly UndoStack _undo = new();
    private readonly KernelTestbed _kernel;

    public FrameTestbed()
    {
        Space = _undo.Add(NetworkNamespace.Create());
        Ingress = _undo.Add(new TestInterface(Space));
        Target = _undo.Add(new TestInterface(Space));
        Other = _undo.Add(new TestInterface(Space));
        _kernel = _undo.Add(new KernelTestbed(Space));
    }

    public NetworkNamespace Space { get; }

    public TestInterface Ingress { get; }

    public TestInterface Target { get; }

    public TestInterface Other { get; }

    public IKernel Kernel => _kernel.Kernel;

    /// <summary>Opens a devmap under its own name, or adopts it.</summary>
    public TestDevmap Open(DevmapRecord definition) => new(this, definition);

    /// <summary>Opens the kernel again, as the next daemon does.</summary>
    /// <param name="meanwhile">Runs while no daemon runs.</param>
    public void Restart(Action? meanwhile = null)
    {
        _kernel.Restart(meanwhile);
        Space.Run(() => Kernel.Programs.Adopt(KernelTestbed.Scope));
        Space.Run(() => Kernel.PassPrograms.Adopt(KernelTestbed.Scope));
    }

    public string PinFolder(string devmap) => _kernel.DevmapFolder(devmap);

    public ValueTask DisposeAsync() => _undo.DisposeAsync();

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();
}
