namespace ControlPlane.TestCommon.Lab;

/// <summary>An object file with an XDP program that passes everything, as iproute2 loads it.</summary>
public sealed class XdpPassObject : CompiledObject
{
    private const string Source = """
        __attribute__((section("xdp"), used)) int pass(void *ctx) { return 2; }
        char _license[] __attribute__((section("license"), used)) = "GPL";
        """;

    public XdpPassObject()
        : base(Source)
    {
    }
}
