using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Hosting;
using ControlPlane.Kernel.Netlink;
using ControlPlane.TestCommon.Lab;
using Microsoft.Extensions.Logging.Abstractions;

namespace ControlPlane.KernelTests.Support;

/// <summary>The kernel layer in a network namespace, with its own pin root. Disposing removes the pins, and so detaches the links.</summary>
public sealed class KernelTestbed : IDisposable
{
    private readonly NetworkNamespace _space;
    private readonly NetlinkInterfaces _interfaces;

    /// <param name="space">The namespace of the interfaces; the initial one unless given.</param>
    /// <param name="asksNetdev">Whether xdp-features are asked for; false behaves as a kernel before Linux 6.3.</param>
    public KernelTestbed(NetworkNamespace? space = null, bool asksNetdev = true)
    {
        _space = space ?? NetworkNamespace.Initial;
        PinRoot = LabNames.NextPinRoot();
        _interfaces = _space.Run(() => new NetlinkInterfaces(NullLogger<NetlinkInterfaces>.Instance, asksNetdev: asksNetdev));
        Kernel = Start();
    }

    public string PinRoot { get; }

    public LibbpfKernel Kernel { get; private set; }

    public static WriterScope Scope => new(granted: true);

    public string DevmapFolder(string devmap) => Path.Combine(PinRoot, "devmaps", devmap);

    /// <summary>Asks the kernel for an interface that exists.</summary>
    public InterfaceInfo Interface(string name) => _interfaces.Query(name)!;

    public IDevmap Open(DevmapRecord definition) => Kernel.OpenDevmap(Scope, definition);

    /// <summary>Opens the kernel again, as the next process does.</summary>
    /// <param name="meanwhile">Runs while it is closed.</param>
    public void Restart(Action? meanwhile = null)
    {
        Kernel.Dispose();
        try
        {
            meanwhile?.Invoke();
        }
        finally
        {
            // The other tests of the class use it too.
            Kernel = Start();
        }
    }

    public void Dispose()
    {
        Kernel.Dispose();
        Directory.Delete(PinRoot, recursive: true);
        _interfaces.Dispose();
    }

    private LibbpfKernel Start() =>
        _space.Run(() => new LibbpfKernel(new KernelOptions { PinRoot = PinRoot }, _interfaces, NullLoggerFactory.Instance));
}
