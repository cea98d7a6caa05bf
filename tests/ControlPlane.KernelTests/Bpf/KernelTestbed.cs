using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Hosting;
using ControlPlane.Kernel.Netlink;
using ControlPlane.TestCommon.Lab;
using Microsoft.Extensions.Logging.Abstractions;

namespace ControlPlane.KernelTests.Bpf;

/// <summary>A kernel layer on a pin root of its own, which goes with it.</summary>
internal sealed class KernelTestbed : IDisposable
{
    private readonly NetlinkInterfaces _interfaces = new(NullLogger<NetlinkInterfaces>.Instance);

    public KernelTestbed()
    {
        PinRoot = LabNames.NextPinRoot();
        Kernel = Start();
    }

    public string PinRoot { get; }

    public LibbpfKernel Kernel { get; private set; }

    public static WriterScope Scope => new(granted: true);

    public string DevmapFolder(string devmap) => Path.Combine(PinRoot, "devmaps", devmap);

    /// <summary>The interface of this name, as it is now.</summary>
    public InterfaceInfo Interface(string name) => _interfaces.Query(name)!;

    public IDevmap Open(DevmapRecord definition) => Kernel.OpenDevmap(Scope, definition);

    /// <summary>As a new process would find it.</summary>
    public void Restart()
    {
        Kernel.Dispose();
        Kernel = Start();
    }

    public void Dispose()
    {
        Kernel.Dispose();
        // Pinned links detach with their pins.
        Directory.Delete(PinRoot, recursive: true);
        _interfaces.Dispose();
    }

    private LibbpfKernel Start() => new(new KernelOptions { PinRoot = PinRoot }, _interfaces, NullLoggerFactory.Instance);
}
