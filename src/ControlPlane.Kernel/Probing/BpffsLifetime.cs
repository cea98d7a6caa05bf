using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Kernel.Probing;

/// <summary>
/// Judges whether the bpffs of the pins outlives this process. A bpffs ends with its last mount. Process 1 is the last to end, so a bpffs
/// that is also mounted in its mount namespace stays. Without a view of that, a mount that receives or shares mount events
/// (<c>shared:</c> or <c>master:</c> in mountinfo) comes from another mount namespace, and stays as well.
/// </summary>
public static class BpffsLifetime
{
    private const string InitMounts = "/proc/1/mountinfo";
    private const string OwnMounts = "/proc/self/mountinfo";

    /// <summary>Returns the condition for the bpffs of a pin root as it is mounted now.</summary>
    public static Condition Judge(string pinRoot)
    {
        try
        {
            return Judge(pinRoot, HostIdentity.DeviceOf(pinRoot), File.ReadAllLines(OwnMounts), ReadInitMounts());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or KernelException)
        {
            return NotVisible();
        }
    }

    /// <summary>Whether another mount namespace, that of process 1, has a bpffs although this one shows none at the folder.</summary>
    public static bool IsHidden(string folder) =>
        ReadInitMounts()?.Select(Mount.Read).Any(m => m is { Type: "bpf" } && m.Covers(folder)) == true;

    /// <summary>Returns the condition for a bpffs of this device.</summary>
    /// <param name="pinRoot">The pin root.</param>
    /// <param name="device">The device of the bpffs.</param>
    /// <param name="own">The mounts of this process, as mountinfo lists them.</param>
    /// <param name="init">The mounts of process 1; null if it is this process or cannot be seen.</param>
    internal static Condition Judge(string pinRoot, (uint Major, uint Minor) device, IEnumerable<string> own, IEnumerable<string>? init)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"{device.Major}:{device.Minor}");
        var type = ConditionTypes.PinsPersist;
        if (init is not null)
        {
            return init.Select(Mount.Read).Any(m => m?.Device == id)
                ? type.True("SharedMount", "The bpffs of the pins is mounted for process 1 as well, so the pins outlive the daemon.")
                : type.False(
                    "PrivateMount",
                    $"The bpffs at {pinRoot} is not mounted for process 1. It ends with the last process of the daemon's mount namespace, and the forwarding of frames with it.",
                    CommonRemedies.SharedBpffs());
        }

        var mount = own.Select(Mount.Read).Where(m => m?.Device == id && m.Covers(pinRoot)).MaxBy(m => m!.Point.Length);
        return mount is { IsPropagated: true }
            ? type.True("PropagatedMount", "The bpffs of the pins comes from another mount namespace, so the pins outlive the daemon.")
            : NotVisible();
    }

    private static Condition NotVisible() => ConditionTypes.PinsPersist.Unknown(
        "NotVisible",
        "The daemon cannot see whether the bpffs of the pins is also mounted outside its own mount namespace. If it is not, the forwarding of frames ends with the daemon.",
        CommonRemedies.SharedBpffs());

    private static string[]? ReadInitMounts()
    {
        try
        {
            return Environment.ProcessId == 1 ? null : File.ReadAllLines(InitMounts);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>A line of mountinfo: <c>36 35 0:32 /root /point options optional-fields - type source</c>.</summary>
    private sealed record Mount(string Device, string Point, bool IsPropagated, string Type)
    {
        /// <summary>Whether the folder is the mount point, or below it.</summary>
        public bool Covers(string folder) => folder == Point || folder.StartsWith(Point.TrimEnd('/') + '/', StringComparison.Ordinal);

        public static Mount? Read(string line)
        {
            var fields = line.Split(' ');
            var end = Array.IndexOf(fields, "-");
            if (end < 6 || fields.Length < end + 2)
                return null;
            var propagated = fields[6..end].Any(f => f.StartsWith("shared:", StringComparison.Ordinal) || f.StartsWith("master:", StringComparison.Ordinal));
            return new Mount(fields[2], fields[4].Replace("\\040", " ", StringComparison.Ordinal), propagated, fields[end + 1]);
        }
    }
}
