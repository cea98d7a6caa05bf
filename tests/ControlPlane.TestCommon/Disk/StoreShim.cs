using ControlPlane.TestCommon.Lab;

namespace ControlPlane.TestCommon.Disk;

/// <summary>
/// A library between a daemon and the files of its store (<c>store_shim.c</c>): it records what the daemon writes and flushes, and makes flushes
/// fail. Disposing removes the library and the log.
/// </summary>
public sealed class StoreShim : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("devmapd-shim-");
    private readonly string _stateDirectory;

    /// <summary>Compiles the library.</summary>
    /// <param name="stateDirectory">The folder of the store.</param>
    public StoreShim(string stateDirectory)
    {
        _stateDirectory = stateDirectory;
        var source = Repository.PathOf("tests/ControlPlane.TestCommon/Disk/store_shim.c");
        Shell.Run("gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", PathOf("shim.so"), source, "-ldl");
    }

    /// <summary>The environment of the daemon.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["LD_PRELOAD"] = PathOf("shim.so"), ["STORE_SHIM_FOLDER"] = _stateDirectory, ["STORE_SHIM_LOG"] = LogPath, ["STORE_SHIM_FAIL"] = PathOf("fail"),
    };

    /// <summary>The length of the log: everything that the daemon has flushed until now is in it.</summary>
    public long LogLength => File.Exists(LogPath) ? new FileInfo(LogPath).Length : 0;

    private string LogPath => PathOf("log");

    /// <summary>Makes the next flushes fail: so many, or all.</summary>
    public void FailFlushes(int? count = null) => File.WriteAllText(PathOf("fail"), $"{count ?? -1}  \n");

    /// <summary>Has flushes succeed again.</summary>
    public void Heal() => File.Delete(PathOf("fail"));

    /// <summary>Reads the log.</summary>
    public IReadOnlyList<StoreOperation> ReadLog() => StoreOperation.ReadAll(File.ReadAllBytes(LogPath));

    /// <inheritdoc/>
    public void Dispose() => _folder.Delete(recursive: true);

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);
}
