namespace ControlPlane.TestCommon.Lab;

/// <summary>An object file with BPF programs, as iproute2 loads it. It exists until disposal.</summary>
public abstract class CompiledObject : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    /// <summary>Compiles the source, which includes no header.</summary>
    protected CompiledObject(string source) =>
        Shell.RunWithInput(source, "clang", "-O2", "-target", "bpf", "-x", "c", "-c", "-o", Path, "-");

    public string Path => System.IO.Path.Combine(_folder.FullName, "programs.o");

    public void Dispose()
    {
        _folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }
}
