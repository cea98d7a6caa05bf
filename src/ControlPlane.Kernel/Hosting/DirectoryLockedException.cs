namespace ControlPlane.Kernel.Hosting;

/// <summary>Another process holds the lock on a directory.</summary>
/// <param name="path">The directory.</param>
/// <param name="processId">Who holds it; null when the kernel does not tell (a process of another pid namespace).</param>
public sealed class DirectoryLockedException(string path, int? processId)
    : Exception($"{path} is in use by {(processId is { } pid ? $"process {pid}" : "a process that cannot be seen from here")}")
{
    /// <summary>The directory.</summary>
    public string Path { get; } = path;

    /// <summary>Who holds the lock; null when the kernel does not tell.</summary>
    public int? ProcessId { get; } = processId;
}
