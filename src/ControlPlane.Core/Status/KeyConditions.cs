using System.Globalization;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Status;

/// <summary>Whether frames can have a key at all.</summary>
internal static class KeyConditions
{
    private const uint MaxVlanId = 4095;

    /// <summary>Why no frame can have the key now; null when one can.</summary>
    public static Condition? Unreachable(KeySelector selector, EntryKey key, InterfaceTable interfaces) => selector switch
    {
        KeySelector.Vlan when key.Number > MaxVlanId => new(
            ConditionTypes.KeyReachable,
            false,
            "NoVlanId",
            string.Create(CultureInfo.InvariantCulture, $"{key.Number} is no VLAN id: a tag carries 0 to {MaxVlanId}, so no frame can have this key."),
            "Delete the entry, and put one under the VLAN id that was meant."),
        KeySelector.IngressInterface when key.InterfaceName is null && interfaces.Find(key.Number) is null => new(
            ConditionTypes.KeyReachable,
            false,
            "NoSuchIngress",
            string.Create(CultureInfo.InvariantCulture, $"No interface has the index {key.Number}, so no frame can have this key."),
            "Delete the entry, and put one whose key is the name of the ingress interface: it follows the interface."),
        _ => null,
    };
}
