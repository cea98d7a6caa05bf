using ControlPlane.Core.Programs;

namespace ControlPlane.Core.Explaining;

/// <summary>A frame as it leaves.</summary>
/// <param name="Interface">By which interface.</param>
/// <param name="Bytes">Its length in bytes from the Ethernet header on.</param>
/// <param name="Vlan">The VLAN id of its outer tag; 0 for none.</param>
/// <param name="SourceMac">The source address the egress program set; null when it is that it came with.</param>
/// <param name="DestinationMac">The destination address the egress program set; null when it is that it came with.</param>
public sealed record LeavingFrame(string Interface, int Bytes, ushort Vlan, MacAddress? SourceMac, MacAddress? DestinationMac);
