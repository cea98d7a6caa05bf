using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Explaining;

/// <summary>The question of an explanation: the fate of a frame with this key, or of this frame. Null values were not given.</summary>
/// <param name="Key">A key in any of its text forms; null when a frame is described instead.</param>
/// <param name="Ingress">The name of the interface that the frame arrives on; null for any that can bring such a frame.</param>
/// <param name="Vlan">The VLAN id of its tag, 0 .. 4095; 0 for an untagged frame, as when nothing is said.</param>
/// <param name="Dst">Its IPv4 destination; null for a frame of another protocol.</param>
/// <param name="Length">The length of its IP packet in bytes, as an MTU counts, 28 .. 65535.</param>
public sealed record ExplainQuery(string? Key = null, string? Ingress = null, long? Vlan = null, string? Dst = null, long? Length = null);

/// <summary>Understands a question. Without a devmap only what is wrong in any devmap is found.</summary>
internal sealed class ExplainQueryReader(DevmapState? devmap, InterfaceTable interfaces, Violations faults)
{
    private const int MaxVlanId = 4095;

    /// <summary>The question; meaningless if there are violations.</summary>
    public FrameQuestion Read(ExplainQuery query)
    {
        var ingress = Ingress(query.Ingress);
        var vlan = (ushort)Number("vlan", query.Vlan, 0, MaxVlanId).GetValueOrDefault();
        var destination = Destination(query.Dst);
        var length = (int?)Number("length", query.Length, TestFrame.LeastLength, ushort.MaxValue);
        if (devmap is null)
            return new FrameQuestion(null, ingress, vlan, destination, length);

        var entry = query.Key is null ? null : Entry(query.Key);
        switch (devmap.Definition.Spec.KeySelector)
        {
            case KeySelector.IngressInterface when entry is not null:
                ingress = Implied("ingress", ingress, IngressOf(entry));
                break;
            case KeySelector.IngressInterface when query.Ingress is null && query.Key is null:
                Wrong("ingress", "is required: the key of this devmap is the interface that a frame arrives on");
                break;
            case KeySelector.Vlan when entry is not null:
                // No frame has a number that is no VLAN id; the explanation says so.
                var id = Implied("vlan", query.Vlan, entry.Record.Key.Number);
                vlan = id <= MaxVlanId ? (ushort)id : (ushort)0;
                break;
            case KeySelector.Ipv4Destination when entry is not null:
                destination = Implied("dst", destination, entry.Record.Key.Number);
                break;
            case KeySelector.IngressInterface or KeySelector.Vlan or KeySelector.Ipv4Destination:
                break;
            case var unknown:
                throw new InvalidOperationException($"nothing is known of the key selector {unknown}");
        }

        return new FrameQuestion(entry, ingress, vlan, destination, length);
    }

    private PlacedEntry? Entry(string text)
    {
        if (KeyCodec.Parse(devmap!.Definition.Spec.KeySelector, text, out var fault) is { } key)
            return devmap.Find(key) ?? (faults.Found.Count > 0 ? null : throw new ControlPlaneException(EntryErrors.NotFound(devmap.Definition.Name, text)));
        Wrong("key", fault!);
        return null;
    }

    // A key that is the number of no interface has no ingress.
    private string? IngressOf(PlacedEntry entry) =>
        entry.Record.Key.InterfaceName ?? interfaces.Find(entry.Record.Key.Number)?.Name;

    private string? Ingress(string? name)
    {
        if (name is null)
            return null;
        if (!InterfaceName.IsValid(name))
            Wrong("ingress", InterfaceName.Rule);
        else if (interfaces.Find(name) is null)
            Wrong("ingress", $"there is no interface '{name}'");
        return name;
    }

    private uint? Destination(string? text)
    {
        if (text is null)
            return null;
        if (KeyCodec.Parse(KeySelector.Ipv4Destination, text, out _) is { } address)
            return address.Number;
        Wrong("dst", "must be an IPv4 address ('10.0.0.7')");
        return null;
    }

    private long? Number(string field, long? value, int least, int greatest)
    {
        if (value is null || (value >= least && value <= greatest))
            return value;
        Wrong(field, string.Create(CultureInfo.InvariantCulture, $"must be {least} to {greatest}"));
        return null;
    }

    /// <summary>The facts that the key implies about the frame; the caller may repeat them and must not contradict them.</summary>
    private T Implied<T>(string field, T said, T byKey)
    {
        if (said is not null && !said.Equals(byKey))
            Wrong(field, "is not that of a frame with this key; leave it out, or describe the frame without a key");
        return byKey;
    }

    private void Wrong(string field, string message)
    {
        if (!faults.Has(field))
            faults.Add(field, message);
    }
}

/// <summary>A question that has been understood.</summary>
/// <param name="Asked">The entry that was asked for by its key; null when a frame was described.</param>
/// <param name="Ingress">The only interface that the frame can arrive on; null for any.</param>
/// <param name="Vlan">The VLAN id of its tag; 0 for none.</param>
/// <param name="Destination">Its IPv4 destination; null for a frame of another protocol.</param>
/// <param name="Length">The length of its IP packet in bytes; null when none was given.</param>
internal sealed record FrameQuestion(PlacedEntry? Asked, string? Ingress, ushort Vlan, uint? Destination, int? Length)
{
    /// <summary>The key that was asked for.</summary>
    public EntryKey? Key => Asked?.Record.Key;
}
