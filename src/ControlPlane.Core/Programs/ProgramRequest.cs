namespace ControlPlane.Core.Programs;

/// <summary>The body of a PUT of an egress program, as the caller sent it: not yet validated.</summary>
/// <param name="Template">The template's text form, for instance <c>rewrite-mac</c>.</param>
/// <param name="SourceMac"><c>parameters.sourceMac</c>.</param>
/// <param name="DestinationMac"><c>parameters.destinationMac</c>.</param>
/// <param name="VlanId"><c>parameters.vlanId</c>.</param>
public sealed record ProgramRequest(
    string? Template,
    string? SourceMac = null,
    string? DestinationMac = null,
    long? VlanId = null);
