using System.Globalization;
using ControlPlane.Core.Devmaps;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Interfaces;
using ControlPlane.Core.Keys;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Explaining;

/// <summary>Understands a question. Without a devmap only what is wrong in any devmap is found.</summary>
internal sealed class ExplainQueryReader(DevmapState? devmap, InterfaceTable interfaces, Violations faults)
{
    private const int MaxVlanId = 4095;

    /// <summary>The question; meaningless when there are faults.</summary>
    public FrameQuestion Read(ExplainQuery query)
    {
        var ingress = Ingress(query.Ingress);
        var vlan = (ushort)Number("vlan", query.Vlan, 0, MaxVlanId).GetValueOrDefault();
        var destination = Destination(query.Destination);
        var length = (int?)Number("length", query.Length, TestFrame.LeastLength, ushort.MaxValue);
        if (devmap is null)
            return new FrameQuestion(null, ingress, vlan, destination, length);

        var entry = query.Key is null ? null : Entry(query.Key);
        switch (devmap.Definition.KeySelector)
        {
            case KeySelector.IngressInterface when entry is not null:
                ingress = Implied("ingress", ingress, IngressOf(entry));
                break;
            case KeySelector.IngressInterface when query.Ingress is null && query.Key is null:
                Wrong("ingress", "is required: the key of this devmap is the interface a frame comes in by");
                break;
            case KeySelector.Vlan when entry is not null:
                // What is no VLAN id has no frame; that is for the explanation to say.
                var id = Implied("vlan", query.Vlan, entry.Record.Key.Number);
                vlan = id <= MaxVlanId ? (ushort)id : (ushort)0;
                break;
            case KeySelector.Ipv4Destination when entry is not null:
                destination = Implied("dst", destination, entry.Record.Key.Number);
                break;
        }

        return new FrameQuestion(entry, ingress, vlan, destination, length);
    }

    private PlacedEntry? Entry(string text)
    {
        if (KeyCodec.Parse(devmap!.Definition.KeySelector, text, out var fault) is { } key)
            return EntryLookup.Find(devmap, key) ?? (faults.Found.Count > 0 ? null : throw EntryLookup.NotFound(devmap, text));
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

    /// <summary>What the key says of the frame; the caller may say the same, and nothing else.</summary>
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
