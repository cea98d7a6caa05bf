using ControlPlane.Core.Errors;

namespace ControlPlane.Core.Model;

/// <summary>The key is the IPv4 destination address in host byte order.</summary>
internal sealed class Ipv4DestinationSelector() : KeySelector("ipv4Destination", 2)
{
    public override string Format(EntryKey key) => Ipv4Address.Format(key.Number);

    public override FrameFacts FactsOf(EntryKey key, InterfaceTable interfaces) => new(Destination: key.Number);

    public override (Condition Found, uint? KernelKey) Select(FrameFacts frame, InterfaceTable interfaces) =>
        frame.Destination is { } address
            ? (ConditionTypes.KeyFound.True("Ipv4Destination", $"The key is the IPv4 destination {Ipv4Address.Format(address)}."), address)
            : (ConditionTypes.KeyFound.False("NoIpv4", "The frame has no IPv4 header, and so no key.", CommonRemedies.NameDestination()), null);

    protected override EntryKey? ParseText(string text, out string? error)
    {
        var valid = Ipv4Address.TryParse(text, out var address);
        error = valid ? null : "the key of this devmap is an IPv4 address ('10.0.0.7') or that address as a number in host byte order";
        return valid ? EntryKey.OfNumber(address) : null;
    }
}
