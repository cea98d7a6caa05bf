using System.Runtime.InteropServices;
using ControlPlane.Core.Host;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Native;

namespace ControlPlane.Kernel.Features;

/// <summary>Finds out what this host is and can do.</summary>
internal static class HostProbe
{
    public static unsafe HostFacts Run(IInterfaces interfaces, KernelFeature drops)
    {
        KernelCall.Check(KernelCall.FromLibc(Libc.uname(out var uname)), "uname");
        return new HostFacts(
            Marshal.PtrToStringUTF8((nint)uname.release) ?? "",
            Marshal.PtrToStringUTF8((nint)uname.machine) ?? "",
            LibbpfVersion(),
            Simulated: false,
            [.. KernelFeatureProbes.Run(), XdpFeatures(interfaces), drops]);
    }

    /// <summary>The version of the loaded libbpf without its "v", for instance <c>1.1</c>.</summary>
    public static unsafe string LibbpfVersion() => (Marshal.PtrToStringUTF8((nint)Libbpf.libbpf_version_string()) ?? "").TrimStart('v');

    /// <summary>Every namespace has at least loopback, whose xdp-features are known to be none: known is what counts.</summary>
    private static KernelFeature XdpFeatures(IInterfaces interfaces)
    {
        var available = interfaces.Current.All.Any(i => i.XdpFeatures is not null);
        return new KernelFeature(
            KernelFeatureNames.XdpFeatures, available, "6.3", available ? null : "the kernel tells the xdp-features of no interface");
    }
}
