using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Native;

namespace ControlPlane.Kernel.Probing;

/// <summary>
/// The place that pins and links belong to: one boot, one network namespace and one bpffs. Interfaces of another network namespace can
/// have the same names and indexes, so neither of these tells whether a link steers frames here.
/// </summary>
/// <param name="BootId">The boot (<c>/proc/sys/kernel/random/boot_id</c>).</param>
/// <param name="NamespaceCookie">The network namespace (<c>SO_NETNS_COOKIE</c>), unique within the boot. 0 before Linux 5.14.</param>
/// <param name="NamespaceInode">The inode of the network namespace, as <c>net:[4026531840]</c> shows it. A later namespace can reuse it.</param>
/// <param name="DeviceMajor">The major number of the bpffs' device.</param>
/// <param name="DeviceMinor">The minor number of the bpffs' device.</param>
public sealed record HostIdentity(Guid BootId, ulong NamespaceCookie, uint NamespaceInode, uint DeviceMajor, uint DeviceMinor)
{
    private const string NamedNamespaces = "/run/netns";

    /// <summary>Returns the identity of the calling thread and of the bpffs that holds the folder. The folder may not exist yet.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static HostIdentity Current(string pinRoot)
    {
        var (major, minor) = DeviceOf(pinRoot);
        return new HostIdentity(
            Guid.Parse(File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim()), ReadCookie(), ReadInode("/proc/thread-self/ns/net"), major, minor);
    }

    /// <summary>Returns the device of the file system that holds the folder, or that will hold it.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static (uint Major, uint Minor) DeviceOf(string folder)
    {
        var existing = Path.GetFullPath(folder);
        while (!Directory.Exists(existing) && Path.GetDirectoryName(existing) is { } parent)
            existing = parent;
        using var directory = FileDescriptor.Open(existing, Libc.O_RDONLY | Libc.O_DIRECTORY);
        var stat = StatOf(directory, existing);
        return (stat.stx_dev_major, stat.stx_dev_minor);
    }

    /// <summary>Whether both are of the same boot.</summary>
    public bool HasSameBoot(HostIdentity other) => BootId == other.BootId;

    /// <summary>Whether both are of the same network namespace.</summary>
    public bool HasSameNamespace(HostIdentity other) => HasSameBoot(other)
        && NamespaceCookie == other.NamespaceCookie
        && (NamespaceCookie != 0 || NamespaceInode == other.NamespaceInode);

    /// <summary>Whether two texts of <see cref="ToString"/> are of the same network namespace, whose interfaces are the same then.</summary>
    public static bool AreInOneNamespace(string? one, string? other) => Parse(one) is { } first && Parse(other) is { } second && first.HasSameNamespace(second);

    /// <summary>Returns the network namespace in words, with its name if it has one under <c>/run/netns</c> of this mount namespace.</summary>
    public string DescribeNamespace()
    {
        var name = FindNamespaceName(NamespaceInode);
        return string.Create(CultureInfo.InvariantCulture, $"{(name is null ? "" : $"'{name}', ")}net:[{NamespaceInode}], cookie {NamespaceCookie}");
    }

    /// <summary>Returns the text that <see cref="Parse"/> reads.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{BootId} {NamespaceCookie} {NamespaceInode} {DeviceMajor} {DeviceMinor}");

    /// <summary>Reads the text of <see cref="ToString"/>; null if it is no identity.</summary>
    public static HostIdentity? Parse(string? text)
    {
        var parts = text?.Split(' ') ?? [];
        return parts.Length == 5
            && Guid.TryParse(parts[0], out var boot)
            && ulong.TryParse(parts[1], CultureInfo.InvariantCulture, out var cookie)
            && uint.TryParse(parts[2], CultureInfo.InvariantCulture, out var inode)
            && uint.TryParse(parts[3], CultureInfo.InvariantCulture, out var major)
            && uint.TryParse(parts[4], CultureInfo.InvariantCulture, out var minor)
            ? new HostIdentity(boot, cookie, inode, major, minor)
            : null;
    }

    private static string? FindNamespaceName(uint inode)
    {
        if (!Directory.Exists(NamedNamespaces))
            return null;
        foreach (var path in Directory.GetFiles(NamedNamespaces).Order(StringComparer.Ordinal))
        {
            try
            {
                using var file = FileDescriptor.Open(path, Libc.O_RDONLY);
                if (StatOf(file, path).stx_ino == inode)
                    return Path.GetFileName(path);
            }
            catch (KernelException)
            {
                // It went a moment ago, or it is not for this user.
            }
        }

        return null;
    }

    private static struct_statx StatOf(FileDescriptor file, string path)
    {
        KernelCall.Check(KernelCall.FromLibc(Libc.statx(file, "", Libc.AT_EMPTY_PATH, Libc.STATX_INO, out var stat)), $"statx({path})");
        return stat;
    }

    private static uint ReadInode(string link) =>
        uint.Parse(new FileInfo(link).LinkTarget!.AsSpan()["net:[".Length..^1], NumberStyles.None, CultureInfo.InvariantCulture);

    private static unsafe ulong ReadCookie()
    {
        using var socket = FileDescriptor.FromLibbpf(
            KernelCall.FromLibc(Libc.socket(Libc.AF_NETLINK, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, NetlinkConstants.NETLINK_ROUTE)), "socket(rtnetlink)");
        ulong cookie = 0;
        var length = (uint)sizeof(ulong);
        return Libc.getsockopt(socket, Libc.SOL_SOCKET, Libc.SO_NETNS_COOKIE, &cookie, &length) == 0 ? cookie : 0;
    }
}
