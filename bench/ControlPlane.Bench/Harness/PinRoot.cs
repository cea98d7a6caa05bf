namespace ControlPlane.Bench.Harness;

/// <summary>A pin folder of our own, gone with everything in it at the end.</summary>
internal sealed class PinRoot : IDisposable
{
    private static int _last;

    public PinRoot()
    {
        Path = $"/sys/fs/bpf/devmapd-bench-{Environment.ProcessId}-{Interlocked.Increment(ref _last)}";
        Leftovers.Add(this, Dispose);
    }

    public string Path { get; }

    /// <summary>Where a devmap's active map is pinned.</summary>
    public string ActiveMap(string devmap) => $"{Path}/devmaps/{devmap}/active";

    /// <summary>Where a devmap's redirect program is pinned.</summary>
    public string Redirect(string devmap) => $"{Path}/devmaps/{devmap}/redirect";

    /// <summary>Where a devmap's program that completes checksums is pinned.</summary>
    public string Complete(string devmap) => $"{Path}/devmaps/{devmap}/complete";

    public void Dispose()
    {
        Leftovers.Forget(this);
        if (Directory.Exists(Path))
            Directory.Delete(Path, recursive: true);
    }

    public override string ToString() => Path;
}
