namespace ControlPlane.Daemon.Rest.OpenApi;

/// <summary>What the parameters in paths mean, with values that work as they stand.</summary>
internal static class PathParameters
{
    public static (string Description, string Example) Describe(string name, string path) => name switch
    {
        "devmap" => ("The devmap's name.", "default"),
        "key" => (
            "The key in any of its text forms: what the devmap's key selector calls for (`veth1`, `100`, `10.0.0.7`) or the kernel key as a number, 0 to 4294967295. An interface whose name is a number is written `if:7`. In a URL, percent-encode what a path cannot carry.",
            "lo"),
        // Not lo: that is refused.
        "interface" when path.Contains("/attachments/", StringComparison.Ordinal) => ("The name of the ingress interface.", "eth0"),
        "interface" => ("The interface's name.", "lo"),
        "program" => ("The egress program's name.", "to-router-1"),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "is described nowhere"),
    };
}
