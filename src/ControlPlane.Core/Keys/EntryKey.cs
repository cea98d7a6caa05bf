namespace ControlPlane.Core.Keys;

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
