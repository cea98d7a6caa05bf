using ControlPlane.Core.Api;
using ControlPlane.Core.Model;
using ControlPlane.Daemon.Rest.Reading;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>What an egress program is to be.</summary>
internal sealed class ProgramBody
{
    /// <summary>
    /// What it does with a frame that is about to leave. `count`: lets it leave. `drop`: drops it. `rewrite-mac`: sets its
    /// Ethernet addresses. `push-vlan`: pushes an 802.1Q tag. `pop-vlan`: removes the outer tag. All count.
    /// </summary>
    /// <example>rewrite-mac</example>
    public required EgressTemplate Template { get; init; }

    /// <summary>The template's parameters; may be left out when it has none.</summary>
    public ProgramParametersResource? Parameters { get; init; }

    public static ProgramRequest Read(JsonFields body)
    {
        var parameters = body.Object("parameters");
        return new ProgramRequest(
            body.Text("template"),
            parameters.Text("sourceMac"),
            parameters.Text("destinationMac"),
            parameters.Number("vlanId"));
    }
}
