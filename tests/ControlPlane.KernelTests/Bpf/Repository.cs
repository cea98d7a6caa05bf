namespace ControlPlane.KernelTests.Bpf;

/// <summary>Finds the sources the tests were built from.</summary>
internal static class Repository
{
    /// <summary>A folder of the repository.</summary>
    public static string Folder(string name)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "ControlPlane.sln")))
            folder = folder.Parent;
        return Path.Combine(folder?.FullName ?? throw new InvalidOperationException("not run from within the repository"), name);
    }
}
