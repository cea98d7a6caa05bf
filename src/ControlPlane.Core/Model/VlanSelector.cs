using System.Globalization;
using ControlPlane.Core.Errors;

namespace ControlPlane.Core.Model;

/// <summary>The key is the VLAN id of the outer tag, or 0 for an untagged frame.</summary>
internal sealed class VlanSelector() : KeySelector("vlan", 1)
{
    private const uint MaxVlanId = 4095;

    public override string Format(EntryKey key) => NumberText(key.Number);

    public override bool NeedsAllAddresses => true;

    public override bool HasFewKeys => true;

    public override bool ReadsTag => true;

    public override bool IsTagged(EntryKey key) => key.Number != 0;

    public override bool IsUntagged(EntryKey key) => key.Number == 0;

    public override Condition? Unreachable(string devmap, EntryKey key, InterfaceTable interfaces, string? owner = null) =>
        key.Number <= MaxVlanId ? null : ConditionTypes.KeyReachable.False(
            "NoVlanId",
            string.Create(CultureInfo.InvariantCulture, $"{key.Number} is no VLAN id: a tag carries 0 to {MaxVlanId}, so no frame can have this key."),
            CommonRemedies.PutUnderVlanId(devmap, Format(key), owner));

    public override FrameFacts FactsOf(EntryKey key, InterfaceTable interfaces) => new(Vlan: key.Number);

    public override (Condition Found, uint? KernelKey) Select(FrameFacts frame, InterfaceTable interfaces)
    {
        var id = frame.Vlan ?? 0;
        var type = ConditionTypes.KeyFound;
        return (id == 0 ? type.True("Untagged", "The frame is untagged, which is the key 0.") : type.True("OuterVlanId", $"The key is the VLAN id of the frame, {id}."), id);
    }

    protected override EntryKey? ParseText(string text, out string? error)
    {
        error = "the key of this devmap is a VLAN id ('100'; 0 for untagged frames)";
        return null;
    }
}
