using System.Globalization;
using System.Net;

namespace ControlPlane.Core.Model;

/// <summary>
/// The identity of an entry within its devmap: the name of an interface, which the kernel key follows, or a number,
/// which is the kernel key itself.
/// </summary>
public readonly record struct EntryKey
{
    private EntryKey(string? interfaceName, uint number) => (InterfaceName, Number) = (interfaceName, number);

    /// <summary>The interface whose ifindex is the kernel key; null for a key that is a number.</summary>
    public string? InterfaceName { get; }

    /// <summary>The kernel key of a key that is a number; 0 for one that names an interface.</summary>
    public uint Number { get; }

    /// <summary>A key that follows the interface of this name.</summary>
    public static EntryKey OfInterface(string name) => new(name, 0);

    /// <summary>A key that is this number.</summary>
    public static EntryKey OfNumber(uint number) => new(null, number);
}

/// <summary>Turns keys between their text forms and what they stand for, by the devmap's selector.</summary>
public static class KeyCodec
{
    private const string InterfacePrefix = "if:";

    /// <summary>
    /// Reads a key in any of its text forms. Any key may be a plain number (decimal, 0 .. 4294967295); an interface whose name is a
    /// number is written <c>if:7</c>.
    /// </summary>
    /// <returns>Null with a message in <paramref name="fault"/> when the text is no key of this selector.</returns>
    public static EntryKey? Parse(KeySelector selector, string text, out string? fault)
    {
        fault = null;
        if (text.Length > 0 && text.All(char.IsAsciiDigit))
        {
            if (uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                return EntryKey.OfNumber(number);
            fault = "a numeric key must be 0 to 4294967295";
            return null;
        }

        switch (selector)
        {
            case KeySelector.IngressInterface:
                var name = text.StartsWith(InterfacePrefix, StringComparison.Ordinal) ? text[InterfacePrefix.Length..] : text;
                if (InterfaceName.IsValid(name))
                    return EntryKey.OfInterface(name);
                fault = $"the key of this devmap is the name of an ingress interface ('veth1', or 'if:7' for an interface named 7) or a number; a name {InterfaceName.Rule}";
                return null;
            case KeySelector.Ipv4Destination:
                if (TryParseIpv4(text, out var address))
                    return EntryKey.OfNumber(address);
                fault = "the key of this devmap is an IPv4 address ('10.0.0.7') or that address as a number in host byte order";
                return null;
            case KeySelector.Vlan:
                fault = "the key of this devmap is a VLAN id ('100'; 0 for untagged frames)";
                return null;
            default:
                throw Unknown(selector);
        }
    }

    /// <summary>
    /// Returns the identity of an entry with this kernel key: the interface of this index where the selector is the ingress interface and
    /// the interface exists, else the number.
    /// </summary>
    public static EntryKey Identify(KeySelector selector, uint kernelKey, InterfaceTable interfaces) =>
        selector == KeySelector.IngressInterface && interfaces.Find(kernelKey) is { } ingress
            ? EntryKey.OfInterface(ingress.Name)
            : EntryKey.OfNumber(kernelKey);

    /// <summary>The canonical text form.</summary>
    public static string Format(KeySelector selector, EntryKey key)
    {
        if (key.InterfaceName is { } name)
            return name.All(char.IsAsciiDigit) ? InterfacePrefix + name : name;
        var n = key.Number;
        return selector switch
        {
            KeySelector.Ipv4Destination => string.Create(CultureInfo.InvariantCulture, $"{n >> 24}.{(n >> 16) & 255}.{(n >> 8) & 255}.{n & 255}"),
            KeySelector.Vlan or KeySelector.IngressInterface => n.ToString(CultureInfo.InvariantCulture),
            _ => throw Unknown(selector),
        };
    }

    private static ArgumentOutOfRangeException Unknown(KeySelector selector) => new(nameof(selector), selector, "not a key selector");

    // IPAddress.TryParse takes '10.7' and hexadecimal too; a key has one dotted form only.
    private static bool TryParseIpv4(string text, out uint address)
    {
        address = 0;
        if (!IPAddress.TryParse(text, out var parsed) || parsed.ToString() != text || parsed.AddressFamily != System.Net.Sockets.AddressFamily.InterNetwork)
            return false;
        Span<byte> octets = stackalloc byte[4];
        parsed.TryWriteBytes(octets, out _);
        address = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(octets);
        return true;
    }
}
