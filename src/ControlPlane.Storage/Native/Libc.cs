using System.Runtime.InteropServices;

namespace ControlPlane.Storage.Native;

/// <summary>Calls of libc on files. A call returns -1 and sets errno on failure. Paths are UTF-8.</summary>
internal static unsafe partial class Libc
{
    public const int AT_FDCWD = -100;
    public const int O_RDONLY = 0;
    public const int O_CLOEXEC = 0x80000;
    public const uint STATX_BASIC_STATS = 0x7ff;

    private const string Library = "libc";

    // In the scope of the whole program, where a library can stand before libc. An import by attribute names one library.
    private static readonly delegate* unmanaged<int, int> Flush =
        (delegate* unmanaged<int, int>)NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), "fsync");

    /// <summary>Returns a descriptor, which the caller owns. It also opens folders.</summary>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int open(string path, int flags);

    /// <summary>
    /// Flushes a file or a folder to the disk. <c>FileStream.Flush(true)</c> and <c>RandomAccess.FlushToDisk</c> do the same, but .NET 10 ignores
    /// every error of it.
    /// </summary>
    public static int fsync(int fd)
    {
        Marshal.SetLastSystemError(0);
        var result = Flush(fd);
        Marshal.SetLastPInvokeError(Marshal.GetLastSystemError());
        return result;
    }

    /// <summary>Fills <paramref name="buffer"/>.</summary>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int statx(int fd, string path, int flags, uint mask, out struct_statx buffer);
}

/// <summary><c>struct statx</c> (linux/stat.h), as far as it is used. Unlike <c>struct stat</c>, it is the same on all architectures.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct struct_statx
{
    [FieldOffset(16)]
    public uint stx_nlink;

    [FieldOffset(32)]
    public ulong stx_ino;

    [FieldOffset(40)]
    public ulong stx_size;

    [FieldOffset(112)]
    public long stx_mtime_sec;

    [FieldOffset(120)]
    public uint stx_mtime_nsec;

    [FieldOffset(136)]
    public uint stx_dev_major;

    [FieldOffset(140)]
    public uint stx_dev_minor;
}
