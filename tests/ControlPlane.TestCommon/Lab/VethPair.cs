using System.Globalization;
using ControlPlane.Core.Model;

namespace ControlPlane.TestCommon.Lab;

/// <summary>
/// A pair of veths: the near end is the interface under test, frames are sent and received at its peer. No IPv6 on
/// either, and no addresses: only the test's frames move.
/// </summary>
public sealed class VethPair : IDisposable
{
    private VethPair(NetworkNamespace space, string name, NetworkNamespace peerSpace, string peerName) =>
        (Namespace, Name, PeerNamespace, PeerName) = (space, name, peerSpace, peerName);

    /// <summary>Where the near end was made.</summary>
    public NetworkNamespace Namespace { get; }

    public string Name { get; }

    public NetworkNamespace PeerNamespace { get; }

    public string PeerName { get; }

    /// <summary>The near end's index now; 0 when it is not there.</summary>
    public uint Ifindex => Namespace.IfindexOf(Name);

    /// <summary>The peer's index now; 0 when it is not there.</summary>
    public uint PeerIfindex => PeerNamespace.IfindexOf(PeerName);

    /// <summary>The peer's Ethernet address.</summary>
    public MacAddress PeerMac => MacAddress.TryParse(PeerNamespace.Shell("ip", "-br", "link", "show", "dev", PeerName).Split(' ', StringSplitOptions.RemoveEmptyEntries)[2], out var mac)
        ? mac
        : throw new InvalidOperationException($"{PeerName} has no Ethernet address");

    /// <summary>Makes a pair.</summary>
    /// <exception cref="ShellException">The kernel refused.</exception>
    public static VethPair Create(NetworkNamespace space, VethOptions? options = null)
    {
        options ??= new VethOptions();
        var unique = LabNames.Next();
        var peerSpace = options.PeerNamespace ?? space;
        var pair = new VethPair(space, options.Name ?? unique + "a", peerSpace, options.PeerName ?? unique + "b");
        var mtu = options.Mtu is { } bytes ? string.Create(CultureInfo.InvariantCulture, $"mtu {bytes}") : "";
        var index = options.Ifindex is { } wanted ? string.Create(CultureInfo.InvariantCulture, $"index {wanted}") : "";
        space.Shell("ip", [.. $"link add name {pair.Name} {index} {mtu} type veth peer name {pair.PeerName} {mtu} netns {peerSpace.Path}"
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        try
        {
            space.Run(() => NetworkNamespace.DisableIpv6(pair.Name));
            peerSpace.Run(() => NetworkNamespace.DisableIpv6(pair.PeerName));
            if (options.Up)
            {
                pair.SetPeerUp(true);
                pair.SetUp(true);
                pair.WaitUntilRunning();
            }

            SetPeer(peerSpace, pair.PeerName, options.AcceptsRedirect, options.PeerOffloads);
            return pair;
        }
        catch
        {
            pair.Dispose();
            throw;
        }
    }

    /// <summary>Sets what a peer leaves to others: all that rides beside its frames, or nothing. In one command, because tests make many pairs.</summary>
    public static void SetPeer(NetworkNamespace space, string name, bool gro, bool offloads)
    {
        string[] switches =
        [
            .. gro ? ["gro", "on"] : Array.Empty<string>(),
            .. offloads ? [] : SegmentSwitches.Concat(TagSwitches).SelectMany(s => new[] { s, "off" }),
        ];
        if (switches.Length > 0)
            space.Shell("ethtool", ["-K", name, .. switches]);
    }

    /// <summary>The switches of ethtool for frames of many segments.</summary>
    public static IReadOnlyList<string> SegmentSwitches { get; } = ["tso", "tx-udp-segmentation", "tx-sctp-segmentation", "tx-gso-list"];

    /// <summary>The switches of ethtool for VLAN tags beside frames.</summary>
    public static IReadOnlyList<string> TagSwitches { get; } = ["txvlan", "tx-vlan-stag-hw-insert"];

    /// <summary>Sets the near end up or down.</summary>
    public void SetUp(bool up) => Namespace.Shell("ip", "link", "set", "dev", Name, up ? "up" : "down");

    /// <summary>Sets the peer up or down: the near end's carrier.</summary>
    public void SetPeerUp(bool up) => PeerNamespace.Shell("ip", "link", "set", "dev", PeerName, up ? "up" : "down");

    /// <summary>Sets the MTU of the near end.</summary>
    public void SetMtu(int mtu) => Namespace.Shell("ip", "link", "set", "dev", Name, "mtu", mtu.ToString(CultureInfo.InvariantCulture));

    /// <summary>Sets the MTU of the peer.</summary>
    public void SetPeerMtu(int mtu) => PeerNamespace.Shell("ip", "link", "set", "dev", PeerName, "mtu", mtu.ToString(CultureInfo.InvariantCulture));

    /// <summary>
    /// Makes the near end accept frames that are redirected to it natively (NETDEV_XDP_ACT_NDO_XMIT): a veth does so
    /// only while its peer has a native XDP program or GRO. Generic mode needs neither.
    /// </summary>
    public void EnablePeerReceive() => PeerNamespace.Shell("ethtool", "-K", PeerName, "gro", "on");

    /// <summary>Takes <see cref="EnablePeerReceive"/> back.</summary>
    public void DisablePeerReceive() => PeerNamespace.Shell("ethtool", "-K", PeerName, "gro", "off");

    /// <summary>Removes both ends.</summary>
    public void Delete() => Namespace.Shell("ip", "link", "del", "dev", Name);

    /// <summary>Removes both ends, if they are there.</summary>
    public void Dispose()
    {
        try
        {
            if (Ifindex != 0)
                Delete();
            else if (PeerIfindex != 0)
                PeerNamespace.Shell("ip", "link", "del", "dev", PeerName);
        }
        catch (Exception gone) when (gone is ShellException or ObjectDisposedException)
        {
            // With its namespace, or between the question and the command.
        }
    }

    /// <summary>
    /// Waits until the kernel has announced both carriers, so that a notification does not change the interface under a test.
    /// Linkwatch announces them within a second.
    /// </summary>
    private void WaitUntilRunning()
    {
        if (!SpinWait.SpinUntil(() => Namespace.IsRunning(Name) && PeerNamespace.IsRunning(PeerName), Patience.OfSeconds(10)))
            throw new TimeoutException($"{Name} and {PeerName} have no carrier after 10 s");
    }
}

/// <summary>Options of a pair of veths. Nothing need be set.</summary>
public sealed record VethOptions
{
    /// <summary>The name of the near end; a unique one unless set. At most 15 bytes.</summary>
    public string? Name { get; init; }

    /// <summary>The index of the near end, which must be free; the kernel's choice unless set.</summary>
    public uint? Ifindex { get; init; }

    /// <summary>The name of the far end, the peer; a unique one unless set.</summary>
    public string? PeerName { get; init; }

    /// <summary>Where the peer lives; beside the near end unless set.</summary>
    public NetworkNamespace? PeerNamespace { get; init; }

    /// <summary>The MTU of both ends; 1500 unless set.</summary>
    public int? Mtu { get; init; }

    /// <summary>Whether both ends are up from the start.</summary>
    public bool Up { get; init; } = true;

    /// <summary>
    /// Whether the peer sends VLAN tags beside frames, and frames of many segments, as the kernel makes it. Otherwise what it sends is as
    /// complete as frames made by hand are. Its checksums are as the kernel makes it in any case.
    /// </summary>
    public bool PeerOffloads { get; init; }

    /// <summary>Whether the near end accepts redirected frames from the start (<see cref="VethPair.EnablePeerReceive"/>).</summary>
    public bool AcceptsRedirect { get; init; }
}
