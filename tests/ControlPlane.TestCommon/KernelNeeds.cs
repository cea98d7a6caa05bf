using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Netlink;
using ControlPlane.Kernel.Probing;
using Microsoft.Extensions.Logging.Abstractions;

namespace ControlPlane.TestCommon;

/// <summary>
/// The features that a test needs of the running kernel. A test that needs one says so by <see cref="Feature(string)"/> or <see cref="Mode"/>, in its
/// body, in its constructor or in the support that it uses. If the kernel lacks the feature, <see cref="LeakCheck"/> reports the test as skipped.
/// </summary>
/// <remarks>
/// <c>make kernels</c> prints how many tests each missing feature skipped. <c>make test</c> fails if any test is skipped.
/// </remarks>
public static class KernelNeeds
{
    private static readonly Lazy<IReadOnlyList<KernelFeature>> Features = new(Probe);

    /// <summary>Whether the running kernel has a feature. A test asks if its expectations differ by kernel.</summary>
    /// <param name="name">One of <see cref="KernelFeatureNames"/>.</param>
    public static bool Has(string name) => Find(Features.Value, name).Available;

    /// <summary>Whether the kernel under test has a feature: the running one, or the simulated one.</summary>
    public static bool Has(IKernel kernel, string name) => Find(kernel.Host.Features, name).Available;

    /// <summary>Skips the running test unless the running kernel has the feature.</summary>
    /// <param name="name">One of <see cref="KernelFeatureNames"/>.</param>
    public static void Feature(string name) => Check(Find(Features.Value, name));

    /// <summary>Skips the running test unless the kernel under test has the feature.</summary>
    public static void Feature(IKernel kernel, string name) => Check(Find(kernel.Host.Features, name));

    /// <summary>Skips the running test unless the running kernel has the attach mode.</summary>
    public static void Mode(AttachMode mode)
    {
        if (mode == AttachMode.Tcx)
            Feature(KernelFeatureNames.Tcx);
    }

    private static KernelFeature Find(IEnumerable<KernelFeature> features, string name) => features.Single(f => f.Name == name);

    private static void Check(KernelFeature feature)
    {
        if (!feature.Available)
            throw new MissingKernelFeatureException($"needs {feature.Name} (Linux {feature.Since})");
    }

    private static IReadOnlyList<KernelFeature> Probe()
    {
        using var interfaces = new NetlinkInterfaces(NullLogger<NetlinkInterfaces>.Instance);
        var reported = interfaces.Current.All.Any(i => i.XdpFeatures is not null);
        return [.. KernelFeatureProbes.Run(), new KernelFeature(KernelFeatureNames.XdpFeatures, reported, "6.3", Detail: null)];
    }
}

/// <summary>The running kernel lacks a feature that the test needs. The message is the reason that the test is skipped for.</summary>
public sealed class MissingKernelFeatureException(string message) : Exception(message);
