namespace ControlPlane.Bench.Harness;

/// <summary>A folder of our own for a server's durable state, gone at the end.</summary>
internal sealed class StateFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("devmapd-bench-");

    public StateFolder() => Leftovers.Add(this, Dispose);

    public string Path => _folder.FullName;

    public void Dispose()
    {
        Leftovers.Forget(this);
        if (_folder.Exists)
            _folder.Delete(recursive: true);
    }

    public override string ToString() => Path;
}
