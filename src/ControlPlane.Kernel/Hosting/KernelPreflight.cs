using System.Globalization;
using System.Runtime.InteropServices;
using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Features;
using ControlPlane.Kernel.Layout;
using ControlPlane.Kernel.Native;

namespace ControlPlane.Kernel.Hosting;

/// <summary>Looks, before anything else is done, whether this host can run the daemon, and says what to do if not.</summary>
public static class KernelPreflight
{
    private const int CAP_NET_ADMIN = 12;
    private const int CAP_SYS_ADMIN = 21;
    private const int CAP_PERFMON = 38;
    private const int CAP_BPF = 39;

    /// <summary>All that stands in the way; empty when nothing does. Changes nothing.</summary>
    /// <param name="pinRoot">The pin root as configured; it need not exist yet.</param>
    public static IReadOnlyList<PreflightFault> Check(string pinRoot)
    {
        // What follows a fault would only repeat it in other words, except for bpffs, which is a fault of its own.
        var privileges = CheckPrivileges(ReadEffectiveCapabilities());
        var kernel = CheckLibbpf() ?? (privileges is null ? CheckKernel() : null);
        PreflightFault?[] found = [privileges, kernel, CheckBpffs(pinRoot)];
        return [.. found.OfType<PreflightFault>()];
    }

    internal static PreflightFault? CheckPrivileges(ulong effective)
    {
        // CAP_SYS_ADMIN stands for CAP_BPF and CAP_PERFMON, which are younger. Without CAP_PERFMON the verifier lets no program
        // take the length of a frame, as it would know where the frame lies.
        (int Capability, string Name)[] wanted = [(CAP_BPF, "CAP_BPF"), (CAP_NET_ADMIN, "CAP_NET_ADMIN"), (CAP_PERFMON, "CAP_PERFMON")];
        var missing = wanted
            .Where(w => !Has(w.Capability) && !(w.Capability != CAP_NET_ADMIN && Has(CAP_SYS_ADMIN)))
            .Select(w => w.Name)
            .ToArray();
        return missing.Length == 0
            ? null
            : new PreflightFault(
                $"Not privileged: {string.Join(", ", missing)} needed to make devmaps and XDP programs, and not there.",
                "Run as root, or give the capabilities: AmbientCapabilities=CAP_BPF CAP_NET_ADMIN CAP_PERFMON in the systemd unit.",
                LacksPrivilege: true);

        bool Has(int capability) => ((effective >> capability) & 1) != 0;
    }

    internal static PreflightFault? CheckBpffs(string pinRoot)
    {
        var existing = Path.GetFullPath(pinRoot);
        while (!Directory.Exists(existing) && Path.GetDirectoryName(existing) is { } parent)
            existing = parent;
        return Libc.statfs(existing, out var buffer) == 0 && buffer.f_type == Libc.BPF_FS_MAGIC
            ? null
            : new PreflightFault(
                $"{pinRoot} does not lie in a bpffs (looked at {existing}): nothing can be pinned there.",
                "Mount one: mount -t bpf bpf /sys/fs/bpf (\"ip netns exec\" hides it: use nsenter --net), or set ControlPlane:PinRoot to a folder in one.");
    }

    private static PreflightFault? CheckLibbpf()
    {
        // Not unloaded again, as all that follows needs it.
        return NativeLibrary.TryLoad(Libbpf.Library, out _)
            ? null
            : new PreflightFault(
                $"{Libbpf.Library} is not installed.", "Install libbpf 1.0 or later: apt-get install libbpf1, or scripts/setup.sh.");
    }

    private static PreflightFault? CheckKernel()
    {
        var probe = KernelFeatureProbes.DevmapHash();
        if (probe.Available)
            return null;
        return probe.Detail?.Contains(nameof(Errno.EPERM), StringComparison.Ordinal) == true
            ? new PreflightFault(
                $"The kernel refuses to make a devmap in spite of the capabilities: {probe.Detail}.",
                "Run in the initial user namespace, and where no container profile or lockdown forbids bpf(2).")
            : new PreflightFault(
                $"This kernel cannot make a {nameof(BpfConstants.BPF_MAP_TYPE_DEVMAP_HASH)}: {probe.Detail}.",
                "Use Linux 5.15 or later with CONFIG_BPF_SYSCALL and CONFIG_NET.");
    }

    private static ulong ReadEffectiveCapabilities()
    {
        const string label = "CapEff:";
        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith(label, StringComparison.Ordinal));
        return ulong.Parse(line.AsSpan(label.Length).Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }
}
