using System.Globalization;

namespace ControlPlane.Core.Model;

/// <summary>A 48-bit Ethernet address.</summary>
/// <param name="Value">The address as a number, its first octet the most significant; 0 .. 2^48 - 1.</param>
public readonly record struct MacAddress(ulong Value)
{
    /// <summary>The rule in words, for messages.</summary>
    public const string Rule = "must be six hexadecimal octets: 02:00:00:00:00:01";

    /// <summary>Reads six hexadecimal octets joined by colons or hyphens.</summary>
    public static bool TryParse(string? text, out MacAddress address)
    {
        address = default;
        if (text is not { Length: 17 })
            return false;
        ulong value = 0;
        var separator = text[2];
        if (separator is not (':' or '-'))
            return false;
        for (var i = 0; i < 6; i++)
        {
            if (i > 0 && text[(3 * i) - 1] != separator)
                return false;
            if (!byte.TryParse(text.AsSpan(3 * i, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var octet))
                return false;
            value = (value << 8) | octet;
        }

        address = new MacAddress(value);
        return true;
    }

    /// <summary>Reads six octets, in the order of the wire.</summary>
    public static MacAddress Read(ReadOnlySpan<byte> octets)
    {
        ulong value = 0;
        foreach (var octet in octets[..6])
            value = (value << 8) | octet;
        return new MacAddress(value);
    }

    /// <summary>Whether the group bit is set (multicast or broadcast).</summary>
    public bool IsGroup => ((Value >> 40) & 1) != 0;

    /// <summary>Writes the six octets, in the order of the wire.</summary>
    public void CopyTo(Span<byte> octets)
    {
        for (var i = 0; i < 6; i++)
            octets[i] = (byte)(Value >> (40 - (8 * i)));
    }

    /// <summary>Six lower-case hexadecimal octets joined by colons.</summary>
    public override string ToString()
    {
        Span<byte> octets = stackalloc byte[6];
        CopyTo(octets);
        return $"{octets[0]:x2}:{octets[1]:x2}:{octets[2]:x2}:{octets[3]:x2}:{octets[4]:x2}:{octets[5]:x2}";
    }
}
