namespace ControlPlane.TestCommon;

/// <summary>Finds the sources the tests were built from.</summary>
public static class Repository
{
    /// <summary>The path of a file or folder of the repository.</summary>
    public static string PathOf(string name)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "ControlPlane.sln")))
            folder = folder.Parent;
        return Path.Combine(folder?.FullName ?? throw new InvalidOperationException("not run from within the repository"), name);
    }
}
