using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Status;

/// <summary>Whether frames can have a key at all.</summary>
internal static class KeyConditions
{
    private const uint MaxVlanId = 4095;

    /// <summary>Why no frame can have the key now; null when one can.</summary>
    public static Condition? Unreachable(DevmapRecord devmap, EntryKey key, InterfaceTable interfaces)
    {
        var (selector, text) = (devmap.Spec.KeySelector, KeyCodec.Format(devmap.Spec.KeySelector, key));
        return selector switch
        {
            KeySelector.Vlan when key.Number > MaxVlanId => ConditionTypes.KeyReachable.False(
                "NoVlanId",
                string.Create(CultureInfo.InvariantCulture, $"{key.Number} is no VLAN id: a tag carries 0 to {MaxVlanId}, so no frame can have this key."),
                CommonRemedies.PutUnderVlanId(devmap.Name, text)),
            KeySelector.IngressInterface when key.InterfaceName is null && interfaces.Find(key.Number) is null => ConditionTypes.KeyReachable.False(
                "NoSuchIngress",
                string.Create(CultureInfo.InvariantCulture, $"No interface has the index {key.Number}, so no frame can have this key."),
                CommonRemedies.PutUnderInterface(devmap.Name, text)),
            KeySelector.Vlan or KeySelector.IngressInterface or KeySelector.Ipv4Destination => null,
            _ => throw new ArgumentOutOfRangeException(nameof(devmap), selector, "not a key selector"),
        };
    }
}
