using ControlPlane.TestCommon.Lab;

namespace ControlPlane.TestCommon.Kernel;

/// <summary>A library between a daemon and the kernel's BPF maps (<c>kernel_shim.c</c>), which refuses updates. Disposing removes the library.</summary>
public sealed class KernelShim : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("devmapd-shim-");

    /// <summary>Compiles the library.</summary>
    public KernelShim() => Shell.Run(
        "gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", PathOf("shim.so"),
        Repository.PathOf("tests/ControlPlane.TestCommon/Kernel/kernel_shim.c"), "-ldl");

    /// <summary>The environment of the daemon.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["LD_PRELOAD"] = PathOf("shim.so"), ["KERNEL_SHIM_REFUSE"] = PathOf("refuse"),
    };

    /// <summary>Makes updates fail with ENOMEM: so many, after others that succeed. Once for a daemon.</summary>
    public void RefuseUpdates(int after, int count) => File.WriteAllText(PathOf("refuse"), $"{after} {count}\n");

    /// <inheritdoc/>
    public void Dispose() => _folder.Delete(recursive: true);

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);
}
