using ControlPlane.Daemon.Rest.Reading;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>Which egress program all entries for an interface are to carry.</summary>
internal sealed class EgressProgramSwapBody
{
    /// <summary>The egress program; null, or left out, for none.</summary>
    /// <example>null</example>
    public string? EgressProgram { get; init; }

    public static string? Read(JsonFields body) => body.Text("egressProgram");
}
