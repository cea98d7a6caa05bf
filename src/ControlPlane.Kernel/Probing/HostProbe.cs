using System.Runtime.InteropServices;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Native;

namespace ControlPlane.Kernel.Probing;

/// <summary>Collects the versions and features of this host.</summary>
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

    /// <summary>Returns the version of the loaded libbpf without its "v", for instance <c>1.1</c>.</summary>
    public static unsafe string LibbpfVersion() => (Marshal.PtrToStringUTF8((nint)Libbpf.libbpf_version_string()) ?? "").TrimStart('v');

    /// <summary>Each namespace has loopback, which has no xdp-features. The feature is available if the kernel reports even that.</summary>
    private static KernelFeature XdpFeatures(IInterfaces interfaces)
    {
        var available = interfaces.Current.All.Any(i => i.XdpFeatures is not null);
        return new KernelFeature(
            KernelFeatureNames.XdpFeatures, available, "6.3", available ? null : "the kernel does not report xdp-features");
    }
}
