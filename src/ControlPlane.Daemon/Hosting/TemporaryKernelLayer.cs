namespace ControlPlane.Daemon.Hosting;

internal static class DirectoryLock
{
    public static IDisposable Acquire(string folder) => new MemoryStream(folder.Length);
}
