using System.Runtime.InteropServices;
using ControlPlane.Kernel.Layout;

namespace ControlPlane.Kernel.Native;

/// <summary>Calls of libc. All return -1 with errno on failure, unless said otherwise; paths are UTF-8.</summary>
internal static unsafe partial class Libc
{
    private const string Library = "libc";

    public const int O_RDONLY = 0;
    public const int O_RDWR = 2;
    public const int O_DIRECTORY_X64 = 0x10000;
    public const int O_DIRECTORY_ARM64 = 0x4000;
    public const int O_CLOEXEC = 0x80000;
    public const int F_GETFD = 1;
    public const int F_DUPFD_CLOEXEC = 1030;
    public const int LOCK_EX = 2;
    public const int LOCK_NB = 4;
    public const int AT_EMPTY_PATH = 0x1000;
    public const uint STATX_INO = 0x100;
    public const long BPF_FS_MAGIC = 0xcafe4a11;

    /// <summary><c>O_DIRECTORY</c>, one of the few flags that differ between architectures.</summary>
    public static int O_DIRECTORY =>
        RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? O_DIRECTORY_ARM64 : O_DIRECTORY_X64;

    /// <summary>Gives a new descriptor, which the caller owns.</summary>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int open(string path, int flags);

    /// <summary>The descriptor is gone afterwards, whatever the result.</summary>
    [LibraryImport(Library, SetLastError = true)]
    public static partial int close(int fd);

    /// <summary><c>F_DUPFD_CLOEXEC</c> gives a new descriptor, which the caller owns. Variadic in C with one int argument.</summary>
    [LibraryImport(Library, SetLastError = true)]
    public static partial int fcntl(int fd, int command, int argument);

    /// <summary>The lock belongs to the open file and ends with its last descriptor.</summary>
    [LibraryImport(Library, SetLastError = true)]
    public static partial int flock(FileDescriptor fd, int operation);

    /// <summary>Fills <paramref name="buffer"/>.</summary>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int statx(FileDescriptor fd, string path, int flags, uint mask, out struct_statx buffer);

    /// <summary>Fills <paramref name="buffer"/>.</summary>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int statfs(string path, out struct_statfs buffer);

    /// <summary>Fills <paramref name="buffer"/>.</summary>
    [LibraryImport(Library, SetLastError = true)]
    public static partial int uname(out struct_utsname buffer);

    /// <summary>
    /// Returns the length the whole text would have; writes at most <paramref name="size"/> bytes, the final 0 included.
    /// <paramref name="arguments"/> is a <c>va_list</c>, which both x86-64 and arm64 pass by address; it is used up.
    /// </summary>
    [LibraryImport(Library)]
    public static partial int vsnprintf(byte* buffer, nuint size, byte* format, nint arguments);
}
