using System.Collections.Immutable;

namespace ControlPlane.Core.Model;

/// <summary>All interfaces of the namespace at one moment, by name and by index. Immutable.</summary>
public sealed class InterfaceTable
{
    private readonly ImmutableDictionary<uint, InterfaceInfo> _byIfindex;
    private readonly ImmutableDictionary<string, InterfaceInfo> _byName;
    private readonly ImmutableDictionary<string, uint> _byAltName;
    private readonly ImmutableHashSet<uint> _vlans;

    private InterfaceTable(
        ImmutableDictionary<uint, InterfaceInfo> byIfindex, ImmutableDictionary<string, InterfaceInfo> byName, ImmutableDictionary<string, uint> byAltName,
        ImmutableHashSet<uint> vlans) =>
        (_byIfindex, _byName, _byAltName, _vlans) = (byIfindex, byName, byAltName, vlans);

    /// <summary>No interfaces.</summary>
    public static InterfaceTable Empty { get; } = new(
        ImmutableDictionary<uint, InterfaceInfo>.Empty, ImmutableDictionary<string, InterfaceInfo>.Empty, ImmutableDictionary<string, uint>.Empty,
        ImmutableHashSet<uint>.Empty);

    /// <summary>The interfaces, in order of their index.</summary>
    public IEnumerable<InterfaceInfo> All => _byIfindex.Values.OrderBy(i => i.Ifindex);

    /// <summary>How many there are.</summary>
    public int Count => _byIfindex.Count;

    /// <summary>The interface that has this name or this alternative name, or null.</summary>
    public InterfaceInfo? Find(string name) =>
        _byName.TryGetValue(name, out var named) ? named : _byAltName.TryGetValue(name, out var ifindex) ? Find(ifindex) : null;

    /// <summary>The names that mean the same interface as this name, this name first; only this name if there is no such interface.</summary>
    public IEnumerable<string> NamesOf(string name)
    {
        yield return name;
        if (Find(name) is not { } info)
            yield break;
        if (info.Name != name)
            yield return info.Name;
        foreach (var other in info.AltNames)
        {
            if (other != name)
                yield return other;
        }
    }

    /// <summary>
    /// Returns the device that frames for an interface leave by: for a VLAN device the one below it, if that is in this namespace and no VLAN device
    /// itself; else the interface.
    /// </summary>
    public InterfaceInfo DeviceOf(InterfaceInfo info) =>
        info is { VlanId: not null, LinkIfindex: { } below, LinkNetnsId: null } && Find(below) is { VlanId: null, CarriesEthernet: true } device ? device : info;

    /// <summary>The names of the VLAN devices on the interface of this name.</summary>
    public IEnumerable<string> VlansOn(string name) => _vlans.IsEmpty || Find(name) is not { VlanId: null } device
        ? []
        : _vlans.Select(i => _byIfindex[i]).Where(v => DeviceOf(v).Ifindex == device.Ifindex).Select(v => v.Name);

    /// <summary>The names that mean an interface whose frames leave by the same device as those of this one, this name first.</summary>
    public IEnumerable<string> NamesOfDevice(string name)
    {
        if (_vlans.IsEmpty || Find(name) is not { } info)
            return NamesOf(name);
        var device = DeviceOf(info).Name;
        return NamesOf(name).Concat(NamesOf(device)).Concat(VlansOn(device).SelectMany(NamesOf)).Distinct(StringComparer.Ordinal);
    }

    /// <summary>The name of the interface that has this name or this alternative name; the same name if there is no such interface.</summary>
    public string Canonical(string name) => Find(name)?.Name ?? name;

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
        if (enabler is null)
            return null;
        var hasXdp = enabler.XdpFeatures is { } features ? features.HasFlag(XdpFeatures.Basic) : enabler.CarriesEthernet && !LinkKinds.HasNoXdp(enabler) && !LinkKinds.IsTap(enabler);
        return hasXdp ? enabler : null;
    }

    /// <summary>The table with this interface added or changed; renames are followed.</summary>
    public InterfaceTable With(InterfaceInfo info)
    {
        var (names, altNames) = (_byName, _byAltName);
        if (_byIfindex.TryGetValue(info.Ifindex, out var old))
        {
            if (old.Name != info.Name && names.GetValueOrDefault(old.Name)?.Ifindex == info.Ifindex)
                names = names.Remove(old.Name);
            if (!old.AltNames.Equals(info.AltNames))
                altNames = WithoutAltNames(old);
        }

        if (old is null || !old.AltNames.Equals(info.AltNames))
            altNames = altNames.SetItems(info.AltNames.Select(n => KeyValuePair.Create(n, info.Ifindex)));
        return new InterfaceTable(
            _byIfindex.SetItem(info.Ifindex, info), names.SetItem(info.Name, info), altNames,
            info.VlanId is null ? _vlans.Remove(info.Ifindex) : _vlans.Add(info.Ifindex));
    }

    /// <summary>The table without the interface of this index.</summary>
    public InterfaceTable Without(uint ifindex)
    {
        if (!_byIfindex.TryGetValue(ifindex, out var old))
            return this;
        var names = _byName.GetValueOrDefault(old.Name)?.Ifindex == ifindex ? _byName.Remove(old.Name) : _byName;
        return new InterfaceTable(_byIfindex.Remove(ifindex), names, WithoutAltNames(old), _vlans.Remove(ifindex));
    }

    // An alternative name can have passed to another interface.
    private ImmutableDictionary<string, uint> WithoutAltNames(InterfaceInfo info) =>
        _byAltName.RemoveRange(info.AltNames.Where(n => _byAltName.GetValueOrDefault(n) == info.Ifindex));
}
