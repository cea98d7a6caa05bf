using System.Collections.Immutable;

namespace ControlPlane.Core.Model;

/// <summary>All interfaces of the namespace at one moment, by name and by index. Immutable.</summary>
public sealed class InterfaceTable
{
    private readonly ImmutableDictionary<uint, InterfaceInfo> _byIfindex;
    private readonly ImmutableDictionary<string, InterfaceInfo> _byName;

    private InterfaceTable(ImmutableDictionary<uint, InterfaceInfo> byIfindex, ImmutableDictionary<string, InterfaceInfo> byName) =>
        (_byIfindex, _byName) = (byIfindex, byName);

    /// <summary>No interfaces.</summary>
    public static InterfaceTable Empty { get; } =
        new(ImmutableDictionary<uint, InterfaceInfo>.Empty, ImmutableDictionary<string, InterfaceInfo>.Empty);

    /// <summary>The interfaces, in order of their index.</summary>
    public IEnumerable<InterfaceInfo> All => _byIfindex.Values.OrderBy(i => i.Ifindex);

    /// <summary>How many there are.</summary>
    public int Count => _byIfindex.Count;

    /// <summary>The interface of this name, or null.</summary>
    public InterfaceInfo? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The interface of this index, or null.</summary>
    public InterfaceInfo? Find(uint ifindex) => _byIfindex.GetValueOrDefault(ifindex);

    /// <summary>The other end of a veth, if it is in this namespace; else null.</summary>
    public InterfaceInfo? PeerOf(InterfaceInfo info) =>
        info is { Kind: "veth", LinkIfindex: { } link, LinkNetnsId: null } ? Find(link) : null;

    /// <summary>
    /// The interface whose own native XDP program, any program, would make a target accept redirected frames: for a veth its peer,
    /// for hardware the target itself. Null when there is none: the peer is in another namespace, or the driver has no native
    /// XDP (bridge, macvlan, tun, loopback). A tap accepts them without.
    /// </summary>
    /// <remarks>
    /// Seen on Linux 6.18 in xdp-features: a native program on one end of a veth turns NDO_XMIT and NDO_XMIT_SG on at the other and
    /// changes nothing at its own; a generic program changes nothing; a tap has NDO_XMIT always; virtio_net has it not without a
    /// program, and its driver turns it on with one, as those of most hardware do.
    /// </remarks>
    public InterfaceInfo? FindEnabler(InterfaceInfo target)
    {
        var enabler = target.Kind == "veth" ? PeerOf(target) : target;
        return enabler?.XdpFeatures is { } features && !features.HasFlag(XdpFeatures.Basic) ? null : enabler;
    }

    /// <summary>The table with this interface added or changed; renames are followed.</summary>
    public InterfaceTable With(InterfaceInfo info)
    {
        var names = _byName;
        if (_byIfindex.TryGetValue(info.Ifindex, out var old) && old.Name != info.Name && names.GetValueOrDefault(old.Name)?.Ifindex == info.Ifindex)
            names = names.Remove(old.Name);
        return new InterfaceTable(_byIfindex.SetItem(info.Ifindex, info), names.SetItem(info.Name, info));
    }

    /// <summary>The table without the interface of this index.</summary>
    public InterfaceTable Without(uint ifindex)
    {
        if (!_byIfindex.TryGetValue(ifindex, out var old))
            return this;
        var names = _byName.GetValueOrDefault(old.Name)?.Ifindex == ifindex ? _byName.Remove(old.Name) : _byName;
        return new InterfaceTable(_byIfindex.Remove(ifindex), names);
    }
}
