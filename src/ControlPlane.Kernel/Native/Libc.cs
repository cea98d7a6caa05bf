using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Native;

/// <summary>Calls of libc on files. A call returns -1 and sets errno on failure, unless its summary says otherwise. Paths are UTF-8.</summary>
internal static unsafe partial class Libc
{
    public const int O_RDONLY = 0;
    public const int O_RDWR = 2;
    public const int O_CLOEXEC = 0x80000;
    public const int F_GETFD = 1;
    public const int F_DUPFD_CLOEXEC = 1030;
    public const int LOCK_EX = 2;
    public const int LOCK_NB = 4;
    public const int LOCK_UN = 8;
    public const int AT_EMPTY_PATH = 0x1000;
    public const uint STATX_INO = 0x100;
    public const long BPF_FS_MAGIC = 0xcafe4a11;
    public const int CLOCK_THREAD_CPUTIME_ID = 3;

    private const string Library = "libc";
    private const int O_DIRECTORY_X64 = 0x10000;
    private const int O_DIRECTORY_ARM64 = 0x4000;

    /// <summary><c>O_DIRECTORY</c>, one of the few flags that differ between architectures.</summary>
    public static int O_DIRECTORY =>
        RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? O_DIRECTORY_ARM64 : O_DIRECTORY_X64;

    /// <summary>Returns a descriptor, which the caller owns.</summary>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int open(string path, int flags);

    /// <summary>Closes the descriptor, also if it returns an error.</summary>
    [LibraryImport(Library, SetLastError = true)]
    public static partial int close(int fd);

    /// <summary>Returns a new descriptor, which the caller owns, for <c>F_DUPFD_CLOEXEC</c>. Variadic in C, with one int argument.</summary>
    [LibraryImport(Library, SetLastError = true)]
    public static partial int fcntl(int fd, int command, int argument);

    /// <summary>Locks an open file. The lock ends with the last descriptor of that open file.</summary>
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

    /// <summary>Fills <paramref name="time"/>, a <c>timespec</c>: seconds and nanoseconds.</summary>
    [LibraryImport(Library, SetLastError = true)]
    public static partial int clock_gettime(int clock, long* time);

    /// <summary>
    /// Returns the length of the whole text. Writes at most <paramref name="size"/> bytes, the final 0 included.
    /// <paramref name="arguments"/> is a <c>va_list</c>, which x86-64 and arm64 pass by address. One call uses it up.
    /// </summary>
    [LibraryImport(Library)]
    public static partial int vsnprintf(byte* buffer, nuint size, byte* format, nint arguments);
}
