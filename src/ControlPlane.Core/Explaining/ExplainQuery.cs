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
/// <param name="Ttl">The time to live of its IP packet, 1 .. 255; 64 when nothing is said.</param>
public sealed record ExplainQuery(string? Key = null, string? Ingress = null, long? Vlan = null, string? Dst = null, long? Length = null, long? Ttl = null);

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
        var ttl = (byte?)Number("ttl", query.Ttl, 1, byte.MaxValue) ?? TestFrame.CommonTimeToLive;
        if (devmap is null)
            return new FrameQuestion(null, ingress, vlan, destination, length, ttl);

        var selector = devmap.Definition.Spec.KeySelector;
        if (query.Key is null)
        {
            if (selector.Missing(new FrameFacts(ingress, vlan, destination)) is { } missing)
                Wrong(missing.Field, missing.Message);
            return new FrameQuestion(null, ingress, vlan, destination, length, ttl);
        }

        if (Entry(query.Key) is not { } entry)
            return new FrameQuestion(null, ingress, vlan, destination, length, ttl);
        var facts = selector.FactsOf(entry.Record.Key, interfaces);
        if (facts.Ingress is { } only)
            ingress = Implied("ingress", ingress, only) is { Length: > 0 } existing ? existing : null;
        // No frame has a number that is no VLAN id; the explanation says so.
        if (facts.Vlan is { } id)
            vlan = Implied("vlan", query.Vlan, id) <= MaxVlanId ? (ushort)id : (ushort)0;
        if (facts.Destination is { } address)
            destination = Implied("dst", destination, address);
        return new FrameQuestion(entry, ingress, vlan, destination, length, ttl);
    }

    private PlacedEntry? Entry(string text)
    {
        if (devmap!.Definition.Spec.KeySelector.Parse(text, out var error) is { } key)
            return devmap.Find(key, interfaces) ?? (faults.Found.Count > 0 ? null : throw new ControlPlaneException(EntryErrors.NotFound(devmap.Definition.Name, text)));
        Wrong("key", error!);
        return null;
    }

    private string? Ingress(string? name)
    {
        if (name is null)
            return null;
        if (!InterfaceName.IsValid(name))
            Wrong("ingress", InterfaceName.Rule);
        else if (interfaces.Find(name) is null)
            Wrong("ingress", $"there is no interface '{name}'");
        return interfaces.Canonical(name);
    }

    private uint? Destination(string? text)
    {
        if (text is null)
            return null;
        if (Ipv4Address.TryParse(text, out var address))
            return address;
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
/// <param name="Ttl">The time to live of its IP packet.</param>
internal sealed record FrameQuestion(PlacedEntry? Asked, string? Ingress, ushort Vlan, uint? Destination, int? Length, byte Ttl)
{
    /// <summary>The key that was asked for.</summary>
    public EntryKey? Key => Asked?.Record.Key;
}
