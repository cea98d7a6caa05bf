using System.Buffers.Binary;

namespace ControlPlane.Core.Model;

internal sealed class CountTemplate() : EgressTemplate("count", 0, "devmapd_count", "Counts frames and lets them leave.")
{
    public override byte[]? Run(EgressProgramParameters parameters, ReadOnlySpan<byte> frame) => frame.ToArray();
}

internal sealed class DropTemplate() : EgressTemplate("drop", 1, "devmapd_drop", "Drops every frame.")
{
    public override bool DropsAll => true;

    public override byte[]? Run(EgressProgramParameters parameters, ReadOnlySpan<byte> frame) => null;
}

internal sealed class RewriteMacTemplate() : EgressTemplate("rewriteMac", 2, "devmapd_rewrite", "Sets the Ethernet addresses.")
{
    public override ParameterRules Parameters { get; } = new(required: [TemplateParameter.SourceMac, TemplateParameter.DestinationMac]);

    public override bool ChangesHeader => true;

    public override byte[]? Run(EgressProgramParameters parameters, ReadOnlySpan<byte> frame)
    {
        var rewritten = frame.ToArray();
        parameters.Get(TemplateParameter.DestinationMac)?.CopyTo(rewritten);
        parameters.Get(TemplateParameter.SourceMac)?.CopyTo(rewritten.AsSpan(EthernetHeader.MacBytes));
        return rewritten;
    }
}

internal sealed class PushVlanTemplate() : EgressTemplate("pushVlan", 3, "devmapd_push", "Pushes an 802.1Q tag.")
{
    public override ParameterRules Parameters { get; } = new(required: [TemplateParameter.VlanId]);

    public override bool AddsTag => true;

    public override bool ChangesHeader => true;

    public override byte[]? Run(EgressProgramParameters parameters, ReadOnlySpan<byte> frame)
    {
        var tag = new byte[EthernetHeader.TagBytes];
        BinaryPrimitives.WriteUInt16BigEndian(tag, EthernetHeader.CustomerTag);
        BinaryPrimitives.WriteUInt16BigEndian(tag.AsSpan(2), (ushort)parameters.Get(TemplateParameter.VlanId).GetValueOrDefault());
        return [.. frame[..EthernetHeader.AddressBytes], .. tag, .. frame[EthernetHeader.AddressBytes..]];
    }
}

internal sealed class PopVlanTemplate() : EgressTemplate(
    "popVlan", 4, "devmapd_pop", "Removes the outer 802.1Q or 802.1ad tag. Untagged frames leave unchanged.")
{
    public override bool ChangesHeader => true;

    public override bool HandlesTags => true;

    public override byte[]? Run(EgressProgramParameters parameters, ReadOnlySpan<byte> frame)
    {
        if (BinaryPrimitives.ReadUInt16BigEndian(frame[EthernetHeader.AddressBytes..]) is not (EthernetHeader.CustomerTag or EthernetHeader.ServiceTag))
            return frame.ToArray();
        return frame.Length < EthernetHeader.Bytes + EthernetHeader.TagBytes
            ? null // cut off within the tag
            : [.. frame[..EthernetHeader.AddressBytes], .. frame[(EthernetHeader.AddressBytes + EthernetHeader.TagBytes)..]];
    }
}
