namespace ControlPlane.TestCommon.Lab;

/// <summary>An object file with an XDP program that passes everything, as iproute2 loads it.</summary>
public sealed class XdpPassObject : IDisposable
{
    private const string Source = """
        __attribute__((section("xdp"), used)) int pass(void *ctx) { return 2; }
        char _license[] __attribute__((section("license"), used)) = "GPL";
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    public string Path => System.IO.Path.Combine(_folder.FullName, "pass.o");

    public static XdpPassObject Compile()
    {
        var made = new XdpPassObject();
        Shell.RunWithInput(Source, "clang", "-O2", "-target", "bpf", "-x", "c", "-c", "-o", made.Path, "-");
        return made;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
