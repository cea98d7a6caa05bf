using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

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

/// <summary>IPv4 addresses as numbers in host byte order and as dotted quads.</summary>
internal static class Ipv4Address
{
    /// <summary>Returns the dotted quad.</summary>
    public static string Format(uint address) =>
        string.Create(CultureInfo.InvariantCulture, $"{address >> 24}.{(address >> 16) & 255}.{(address >> 8) & 255}.{address & 255}");

    /// <summary>Reads a dotted quad.</summary>
    public static bool TryParse(string text, out uint address)
    {
        address = 0;
        // IPAddress.TryParse also accepts '10.7' and hexadecimal numbers.
        if (!IPAddress.TryParse(text, out var parsed) || parsed.ToString() != text || parsed.AddressFamily != AddressFamily.InterNetwork)
            return false;
        Span<byte> octets = stackalloc byte[4];
        parsed.TryWriteBytes(octets, out _);
        address = BinaryPrimitives.ReadUInt32BigEndian(octets);
        return true;
    }
}
