using System.Runtime.InteropServices;
using ControlPlane.Storage.Native;
using Microsoft.Win32.SafeHandles;

namespace ControlPlane.Storage;

/// <summary>
/// The files of an open store: the database and its log. SQLite goes on with the files that it has opened, whatever becomes of their
/// names, so a commit would succeed and be lost. Used by the thread of the store.
/// </summary>
internal sealed class StoreFiles : IDisposable
{
    private readonly string[] _paths;
    private readonly FileState?[] _known = new FileState?[2];

    // Open as long as SQLite has the file open: a process loses all its POSIX locks on a file when it closes any of its descriptors.
    private readonly SafeFileHandle _database;

    /// <summary>Takes the files as they are now for those of the store. SQLite has opened them.</summary>
    /// <param name="path">The path of the database.</param>
    public StoreFiles(string path)
    {
        _paths = [path, path + "-wal"];
        _database = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Remember();
    }

    /// <summary>Takes the sizes and times of now for right: after each change of the store's own.</summary>
    public void Remember()
    {
        for (var i = 0; i < _paths.Length; i++)
        {
            // Another file of the name stays unknown, and so does a smaller one: SQLite never cuts these files while they are open.
            if (FileState.Read(_paths[i]) is { } now && (_known[i] is not { } known || (now.IsSameFile(known) && now.Size >= known.Size)))
                _known[i] = now;
        }
    }

    /// <summary>Returns what is wrong with the files, in a sentence; null if they are those that were opened.</summary>
    public string? FindProblem()
    {
        for (var i = 0; i < _paths.Length; i++)
        {
            if (_known[i] is not { } known)
                continue;
            if (FileState.Read(_paths[i]) is not { } now)
                return $"The file {_paths[i]} was removed under the daemon.";
            if (!now.IsSameFile(known))
                return $"The file {_paths[i]} was replaced by another under the daemon.";
            if (now.Size < known.Size)
                return $"The file {_paths[i]} was cut from {known.Size} to {now.Size} bytes under the daemon.";
        }

        return null;
    }

    /// <summary>Whether the content may be another than the one that the store wrote last.</summary>
    public bool AreTouched()
    {
        for (var i = 0; i < _paths.Length; i++)
        {
            if (_known[i] is { } known && FileState.Read(_paths[i]) is { } now && (now.Size, now.ModifyTime) != (known.Size, known.ModifyTime))
                return true;
        }

        return false;
    }

    /// <summary>Copies the files as they are into a folder. Returns the path of the copy.</summary>
    /// <exception cref="IOException">There is no room.</exception>
    public string Copy(string folder)
    {
        var copy = Path.Combine(folder, Path.GetFileName(_paths[0]));
        using (var file = new FileStream(copy, FileMode.CreateNew, FileAccess.Write))
        {
            var bytes = new byte[1024 * 1024];
            for (int length; (length = RandomAccess.Read(_database, bytes, file.Position)) > 0;)
                file.Write(bytes, 0, length);
        }

        // SQLite has no locks on the log.
        if (File.Exists(_paths[1]))
            File.Copy(_paths[1], copy + "-wal");
        return copy;
    }

    /// <inheritdoc/>
    public void Dispose() => _database.Dispose();

    /// <summary>Flushes a file to the disk.</summary>
    /// <exception cref="IOException">The disk or the kernel refused.</exception>
    public static void Flush(FileStream file) => Flush(file.SafeFileHandle, file.Name);

    /// <summary>Flushes the names in a folder to the disk: after a file was made, renamed or removed there.</summary>
    /// <exception cref="IOException">The disk or the kernel refused.</exception>
    public static void FlushFolder(string folder)
    {
        var descriptor = Libc.open(folder, Libc.O_RDONLY | Libc.O_CLOEXEC);
        if (descriptor < 0)
            throw new IOException($"The folder {folder} cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}");
        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        Flush(handle, folder);
    }

    private static void Flush(SafeFileHandle handle, string path)
    {
        if (Libc.fsync((int)handle.DangerousGetHandle()) < 0)
            throw new IOException($"{path} cannot be flushed: {Marshal.GetLastPInvokeErrorMessage()}");
        GC.KeepAlive(handle);
    }

    private readonly record struct FileState((uint, uint) Device, ulong Inode, ulong Size, (long, uint) ModifyTime)
    {
        public bool IsSameFile(FileState other) => (Device, Inode) == (other.Device, other.Inode);

        public static FileState? Read(string path) => Libc.statx(Libc.AT_FDCWD, path, 0, Libc.STATX_BASIC_STATS, out var stat) < 0 || stat.stx_nlink == 0
            ? null
            : new((stat.stx_dev_major, stat.stx_dev_minor), stat.stx_ino, stat.stx_size, (stat.stx_mtime_sec, stat.stx_mtime_nsec));
    }
}
