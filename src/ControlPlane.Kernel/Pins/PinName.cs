namespace ControlPlane.Kernel.Pins;

/// <summary>
/// File names of pins. bpffs refuses dots, which names of interfaces may have; so '.' and, to keep it reversible, '%' are
/// percent-encoded. An encoded name never ends in <c>%new</c> or <c>%old</c>, which <see cref="PinFolder"/> uses.
/// </summary>
internal static class PinName
{
    public static string Encode(string name) => name.Replace("%", "%25", StringComparison.Ordinal).Replace(".", "%2E", StringComparison.Ordinal);

    public static string Decode(string fileName) =>
        fileName.Replace("%2E", ".", StringComparison.Ordinal).Replace("%25", "%", StringComparison.Ordinal);
}
