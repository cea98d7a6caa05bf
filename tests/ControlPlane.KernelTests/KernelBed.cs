using ControlPlane.Core.Devmaps;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel;
using Microsoft.Extensions.Logging.Abstractions;

namespace ControlPlane.KernelTests;

/// <summary>A kernel layer on a pin root of its own, which goes with it.</summary>
internal sealed class KernelBed : IDisposable
{
    private static int s_last;

    public KernelBed()
    {
        PinRoot = $"/sys/fs/bpf/devmapd-test-{Environment.ProcessId}-{Interlocked.Increment(ref s_last)}";
        Kernel = Start();
    }

    public string PinRoot { get; }

    public LibbpfKernel Kernel { get; private set; }

    public static WriterScope Scope => new(granted: true);

    public string DevmapFolder(string devmap) => Path.Combine(PinRoot, "devmaps", devmap);

    public IDevmap Open(DevmapDefinition definition) => Kernel.OpenDevmap(Scope, definition);

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
    }

    private LibbpfKernel Start() => new(new KernelOptions { PinRoot = PinRoot }, new IpInterfaces(), NullLoggerFactory.Instance);
}
