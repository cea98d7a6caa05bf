using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Native;

/// <summary>Calls of libc on memory.</summary>
internal static unsafe partial class Libc
{
    public const int PROT_READ = 1;
    public const int PROT_WRITE = 2;
    public const int MAP_SHARED = 1;

    /// <summary>Returns the address of the mapping, which the caller owns, or -1. The mapping outlives the descriptor.</summary>
    [LibraryImport(Library, SetLastError = true)]
    public static partial nint mmap(void* address, nuint length, int protection, int flags, FileDescriptor fd, long offset);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int munmap(nint address, nuint length);
}
