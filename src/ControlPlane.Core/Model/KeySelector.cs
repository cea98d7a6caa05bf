using System.Globalization;
using ControlPlane.Core.Errors;

namespace ControlPlane.Core.Model;

/// <summary>The part of a frame that the redirect program takes as its key. The values are those of <c>bpf/devmapd.h</c>.</summary>
public abstract class KeySelector : OpenSetMember
{
    private protected KeySelector(string name, uint kernelValue)
        : base(name, kernelValue)
    {
    }

    /// <summary>The ifindex of the ingress interface; the text form is the name of the interface.</summary>
    public static KeySelector IngressInterface { get; } = new IngressInterfaceSelector();

    /// <summary>The outer VLAN id (0 if untagged); the text form is the number.</summary>
    public static KeySelector Vlan { get; } = new VlanSelector();

    /// <summary>The IPv4 destination address in host byte order; the text form is the dotted quad.</summary>
    public static KeySelector Ipv4Destination { get; } = new Ipv4DestinationSelector();

    /// <summary>All key selectors.</summary>
    public static OpenSet<KeySelector> Set { get; } = new("a key selector", IngressInterface, Vlan, Ipv4Destination);

    /// <summary>Whether the kernel key is the ifindex of the ingress interface. Entries then follow an interface by its name.</summary>
    public virtual bool KeyIsIfindex => false;

    /// <summary>Whether most keys are small numbers, so that a key can be the id of its entry.</summary>
    public virtual bool HasFewKeys => false;

    /// <summary>Whether frames for other addresses than the ingress interface's own are needed: a switch needs them, a router does not.</summary>
    public virtual bool NeedsAllAddresses => false;

    /// <summary>Whether the key depends on the VLAN tag of a frame.</summary>
    public virtual bool ReadsTag => false;

    /// <summary>
    /// Reads a key in any of its text forms. Any key may be a plain number (decimal, 0 .. 4294967295), which is the kernel key.
    /// </summary>
    /// <returns>Null with a message in <paramref name="error"/> if the text is no key of this selector.</returns>
    public EntryKey? Parse(string text, out string? error)
    {
        if (text.Length == 0 || !text.All(char.IsAsciiDigit))
            return ParseText(text, out error);
        var valid = uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        error = valid ? null : "a numeric key must be 0 to 4294967295";
        return valid ? EntryKey.OfNumber(number) : null;
    }

    /// <summary>Returns the canonical text form of a key.</summary>
    public abstract string Format(EntryKey key);

    /// <summary>Returns the identity of an entry with this kernel key.</summary>
    public virtual EntryKey Identify(uint kernelKey, InterfaceTable interfaces) => EntryKey.OfNumber(kernelKey);

    /// <summary>Returns the name of the only interface that frames with this key arrive on; null for any.</summary>
    public virtual string? IngressOf(EntryKey key) => null;

    /// <summary>Returns whether every frame with this key carries a VLAN tag.</summary>
    public virtual bool IsTagged(EntryKey key) => false;

    /// <summary>Returns whether no frame with this key carries a VLAN tag with an id.</summary>
    public virtual bool IsUntagged(EntryKey key) => false;

    /// <summary>Returns why no frame can have the key now; null if a frame can.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="key">The key.</param>
    /// <param name="interfaces">The interfaces now.</param>
    /// <param name="owner">The owner of the entry with the key; null for none.</param>
    public virtual Condition? Unreachable(string devmap, EntryKey key, InterfaceTable interfaces, string? owner = null) => null;

    /// <summary>Returns the facts that are the same for all frames with this key.</summary>
    public abstract FrameFacts FactsOf(EntryKey key, InterfaceTable interfaces);

    /// <summary>Returns the fact without which the question for a frame's key makes no sense; null if the question is complete.</summary>
    public virtual FieldViolation? Missing(FrameFacts frame) => null;

    /// <summary>Finds the key of a frame as <c>bpf/redirect.h</c> does.</summary>
    /// <returns>A <see cref="ConditionTypes.KeyFound"/>, and the kernel key; null for a frame without a key.</returns>
    public abstract (Condition Found, uint? KernelKey) Select(FrameFacts frame, InterfaceTable interfaces);

    /// <summary>Reads a key that is not a number.</summary>
    protected abstract EntryKey? ParseText(string text, out string? error);

    /// <summary>Returns the decimal form of a number.</summary>
    protected static string NumberText(uint number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Facts about a frame that decide its key. A fact that is null is unknown, or the frame does not have it.</summary>
/// <param name="Ingress">The name of the interface that the frame arrives on. Empty for an interface that does not exist.</param>
/// <param name="Vlan">The VLAN id of the outer tag; 0 for an untagged frame.</param>
/// <param name="Destination">The IPv4 destination in host byte order.</param>
public readonly record struct FrameFacts(string? Ingress = null, uint? Vlan = null, uint? Destination = null);
