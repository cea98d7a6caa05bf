using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Native;

namespace ControlPlane.Kernel.Hosting;

/// <summary>
/// An exclusive lock on a directory itself (<c>flock</c>). There is no lock file to leave behind: the kernel releases the lock
/// when the process ends, even by a crash. Works on bpffs also.
/// </summary>
public sealed class DirectoryLock : IDisposable
{
    private readonly FileDescriptor _directory;

    private DirectoryLock(FileDescriptor directory) => _directory = directory;

    /// <summary>Locks a directory until the lock is disposed. Creates the directory (mode 0700) if it does not exist.</summary>
    /// <exception cref="DirectoryLockedException">Another process holds the lock.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    /// <exception cref="IOException">The directory cannot be created.</exception>
    public static DirectoryLock Acquire(string path)
    {
        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var directory = FileDescriptor.Open(path, Libc.O_RDONLY | Libc.O_DIRECTORY);
        try
        {
            var result = KernelCall.RetryLibc(() => Libc.flock(directory, Libc.LOCK_EX | Libc.LOCK_NB));
            if (result == -Errno.EAGAIN)
                throw new DirectoryLockedException(path, FindHolder(directory));
            KernelCall.Check(result, $"flock({path})");
            return new DirectoryLock(directory);
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    /// <summary>Releases the lock.</summary>
    public void Dispose()
    {
        if (_directory.IsClosed)
            return;

        // Close alone is not enough: a child process that has been forked and has not executed its program yet still has the
        // same open directory, and the lock belongs to that, not to a descriptor.
        _ = KernelCall.RetryLibc(() => Libc.flock(_directory, Libc.LOCK_UN));
        _directory.Dispose();
    }

    /// <summary>Finds the inode among the lines of /proc/locks: <c>1: FLOCK  ADVISORY  WRITE 4711 00:1b:1234 0 EOF</c>.</summary>
    private static int? FindHolder(FileDescriptor directory)
    {
        if (Libc.statx(directory, "", Libc.AT_EMPTY_PATH, Libc.STATX_INO, out struct_statx stat) < 0)
            return null;
        var inode = string.Create(CultureInfo.InvariantCulture, $"{stat.stx_dev_major:x2}:{stat.stx_dev_minor:x2}:{stat.stx_ino}");
        foreach (var line in File.ReadLines("/proc/locks"))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > 5 && fields[1] == "FLOCK" && fields[5] == inode
                && int.TryParse(fields[4], NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && pid > 0)
                return pid;
        }

        return null;
    }
}

/// <summary>Another process holds the lock on a directory.</summary>
/// <param name="path">The directory.</param>
/// <param name="processId">The process that holds the lock; null if the kernel does not report it (a process of another pid namespace).</param>
public sealed class DirectoryLockedException(string path, int? processId)
    : Exception($"{path} is in use by {(processId is { } pid ? $"process {pid}" : "a process outside this pid namespace")}")
{
    /// <summary>The directory.</summary>
    public string Path { get; } = path;

    /// <summary>The process that holds the lock; null if the kernel does not report it.</summary>
    public int? ProcessId { get; } = processId;
}
