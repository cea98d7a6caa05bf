using System.Globalization;
using System.Runtime.InteropServices;
using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Native;

namespace ControlPlane.Kernel.Probing;

/// <summary>A reason why the daemon cannot run on this host.</summary>
/// <param name="Problem">The reason in a sentence.</param>
/// <param name="Remedy">The remedy, with a command to paste if there is one.</param>
/// <param name="LacksPrivilege">Whether the process lacks a capability. If false, the host lacks a part.</param>
public sealed record PreflightFailure(string Problem, string Remedy, bool LacksPrivilege = false);

/// <summary>Checks whether this host can run the daemon, before anything else happens, and gives a remedy for each failure.</summary>
public static class KernelPreflight
{
    private const int CAP_NET_ADMIN = 12;
    private const int CAP_SYS_ADMIN = 21;
    private const int CAP_PERFMON = 38;
    private const int CAP_BPF = 39;

    /// <summary>Returns all failures; empty if the daemon can run. Changes nothing.</summary>
    /// <param name="pinRoot">The configured pin root. It may not exist yet.</param>
    public static IReadOnlyList<PreflightFailure> Check(string pinRoot)
    {
        // A check after a failed one would only report the same cause again. bpffs is independent of the others.
        var privileges = CheckPrivileges(ReadEffectiveCapabilities());
        var kernel = CheckLibbpf() ?? (privileges is null ? CheckKernel() : null);
        PreflightFailure?[] found = [privileges, kernel, CheckBpffs(pinRoot)];
        return [.. found.OfType<PreflightFailure>()];
    }

    internal static PreflightFailure? CheckPrivileges(ulong effective)
    {
        // CAP_SYS_ADMIN includes CAP_BPF and CAP_PERFMON, which are newer. Without CAP_PERFMON the verifier lets no program
        // compute the length of a frame, because that would reveal a kernel address.
        (int Capability, string Name)[] needed = [(CAP_BPF, "CAP_BPF"), (CAP_NET_ADMIN, "CAP_NET_ADMIN"), (CAP_PERFMON, "CAP_PERFMON")];
        var missing = needed
            .Where(n => !Has(n.Capability) && !(n.Capability != CAP_NET_ADMIN && Has(CAP_SYS_ADMIN)))
            .Select(n => n.Name)
            .ToArray();
        return missing.Length == 0
            ? null
            : new PreflightFailure(
                $"Not privileged: {string.Join(", ", missing)} needed for devmaps and XDP programs.",
                "Run as root, or give the capabilities: AmbientCapabilities=CAP_BPF CAP_NET_ADMIN CAP_PERFMON in the systemd unit.",
                LacksPrivilege: true);

        bool Has(int capability) => ((effective >> capability) & 1) != 0;
    }

    internal static PreflightFailure? CheckBpffs(string pinRoot)
    {
        var existing = Path.GetFullPath(pinRoot);
        while (!Directory.Exists(existing) && Path.GetDirectoryName(existing) is { } parent)
            existing = parent;
        return Libc.statfs(existing, out var buffer) == 0 && buffer.f_type == Libc.BPF_FS_MAGIC
            ? null
            : new PreflightFailure(
                $"{pinRoot} is not in a bpffs (checked {existing}): nothing can be pinned there.",
                BpffsLifetime.IsHidden(pinRoot)
                    ? "The host has one, which this mount namespace hides, as \"ip netns exec\" does: start the daemon by nsenter --net=/run/netns/NAME instead."
                    : "Mount one: mount -t bpf bpf /sys/fs/bpf; or set ControlPlane:PinRoot to a folder in one.");
    }

    private static PreflightFailure? CheckLibbpf()
    {
        // Stays loaded: the rest of the daemon needs it.
        return NativeLibrary.TryLoad(Libbpf.Library, out _)
            ? null
            : new PreflightFailure(
                $"{Libbpf.Library} is not installed.", "Install libbpf 1.0 or later: apt-get install libbpf1, or scripts/setup.sh.");
    }

    private static PreflightFailure? CheckKernel()
    {
        var probe = KernelFeatureProbes.DevmapHash();
        if (probe.Available)
            return null;
        return probe.Detail?.Contains(nameof(Errno.EPERM), StringComparison.Ordinal) == true
            ? new PreflightFailure(
                $"The kernel refuses to create a devmap although the process has the capabilities: {probe.Detail}.",
                "Run in the initial user namespace, without a container profile or lockdown that forbids bpf(2).")
            : new PreflightFailure(
                $"This kernel cannot create a {nameof(BpfConstants.BPF_MAP_TYPE_DEVMAP_HASH)}: {probe.Detail}.",
                "Use Linux 5.15 or later with CONFIG_BPF_SYSCALL and CONFIG_NET.");
    }

    private static ulong ReadEffectiveCapabilities()
    {
        const string label = "CapEff:";
        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith(label, StringComparison.Ordinal));
        return ulong.Parse(line.AsSpan(label.Length).Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }
}
