using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Devmaps;
using ControlPlane.Kernel.Probing;

namespace ControlPlane.Kernel.LiveFrames;

/// <summary>Live frames by libbpf. Whether the host can send and follow them is tried once, when somebody asks.</summary>
/// <param name="find">Returns the open devmap of a name; null if there is none.</param>
internal sealed class LibbpfLiveFrames(Func<string, LibbpfDevmap?> find) : ILiveFrames
{
    private const string Since = "5.18";

    private readonly Lazy<KernelFeature> _feature = new(Probe);

    public KernelFeature Feature => _feature.Value;

    public ILiveFrameRun Begin() => new LiveFrameRun(find);

    // The programs are loaded and attached for a moment; no frame is sent. The flag has a probe of its own.
    private static KernelFeature Probe()
    {
        try
        {
            KernelFeatureProbes.LiveFrames();
            new LiveFrameRun(_ => null).Dispose();
            return new KernelFeature(KernelFeatureNames.LiveFrames, Available: true, Since, Detail: null);
        }
        catch (KernelException e)
        {
            return new KernelFeature(KernelFeatureNames.LiveFrames, Available: false, Since, e.Message);
        }
    }
}
