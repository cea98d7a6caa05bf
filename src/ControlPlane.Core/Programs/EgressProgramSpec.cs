namespace ControlPlane.Core.Programs;

/// <summary>An egress program's template and the parameters it is loaded with; those the template does not take are null.</summary>
/// <param name="Template">The template.</param>
/// <param name="SourceMac"><c>rewrite-mac</c>: the source address to set.</param>
/// <param name="DestinationMac"><c>rewrite-mac</c>: the destination address to set.</param>
/// <param name="VlanId"><c>push-vlan</c>: the VLAN id of the tag, 1 .. 4094.</param>
public sealed record EgressProgramSpec(
    EgressTemplate Template,
    MacAddress? SourceMac = null,
    MacAddress? DestinationMac = null,
    ushort? VlanId = null);
