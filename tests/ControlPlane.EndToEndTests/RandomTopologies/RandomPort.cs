using System.Net;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.RandomTopologies;

/// <summary>
/// A veth or a tap of a random topology, with its expected state. All changes go through this object, so its state is known without asking the
/// daemon.
/// </summary>
/// <param name="near">The daemon's namespace.</param>
/// <param name="name">The name of the near end.</param>
/// <param name="far">The namespace of the far end.</param>
/// <param name="farName">The name of the far end.</param>
/// <param name="number">The number of the far end as a sender of traffic.</param>
/// <param name="tag">The programs that put tags on traffic and take them off.</param>
/// <param name="receivesAtNearEnd">Whether traffic that leaves by the far end also has a receiver.</param>
/// <param name="tap">The options of a pair of taps; null for a veth.</param>
internal sealed class RandomPort(
    NetworkNamespace near, string name, NetworkNamespace far, string farName, int number, TagObject tag, bool receivesAtNearEnd = false, TapOptions? tap = null) : IDisposable
{
    public const int UsualMtu = 1500;

    // All far ends have the same address, so traffic has the right one whichever target it takes. Without ARP it is also the address of the receiver.
    private const string Mac = "02:00:00:00:00:0b";

    private FrameSocket? _farEnd;
    private FrameSocket? _nearEnd;
    private TapPair? _taps;

    /// <summary>The current name of the near end.</summary>
    public string Name { get; private set; } = name;

    public string FarName { get; } = farName;

    /// <summary>The namespace of the near end; null while it does not exist.</summary>
    public NetworkNamespace? NearSpace { get; private set; }

    public NetworkNamespace FarSpace { get; private set; } = far;

    public bool IsUp { get; private set; }

    public bool IsFarUp { get; private set; }

    public int Mtu { get; private set; } = UsualMtu;

    public int FarMtu { get; private set; } = UsualMtu;

    /// <summary>Whether it is a pair of taps. Nothing at the far tap shows at the near one.</summary>
    public bool IsTap => tap is not null;

    /// <summary>Whether the near end is in the daemon's namespace.</summary>
    public bool IsVisible => NearSpace == near;

    /// <summary>The address of traffic that the far end sends.</summary>
    public IPAddress Source { get; } = IPAddress.Parse($"10.1.0.{number}");

    /// <summary>The largest MTU of traffic that arrives on the near end.</summary>
    public int TrafficMtu => Math.Min(Mtu, FarMtu);

    /// <summary>Receives frames that leave by the near end.</summary>
    public FrameSocket? FarEnd => NearSpace is null ? null : _farEnd ??= FrameSocket.Open(FarSpace, FarName);

    /// <summary>Receives frames that leave by the far end.</summary>
    public FrameSocket? NearEnd => NearSpace is { } space ? _nearEnd ??= FrameSocket.Open(space, Name) : null;

    /// <summary>Whether frames as long as the near end's MTU allows can arrive on it.</summary>
    public bool ReceivesFullFrames => IsVisible && IsUp && IsFarUp && FarMtu >= Mtu;

    public void Create(bool gro)
    {
        if (IsTap)
            _taps = TapPair.Create(near, Name, FarSpace, FarName, tap!);
        else
            near.Shell("ip", "link", "add", "name", Name, "type", "veth", "peer", "name", FarName, "netns", FarSpace.Path);
        (NearSpace, Mtu, FarMtu) = (near, UsualMtu, UsualMtu);
        ConfigureNear();
        ConfigureFar();
        SetFarUp(true);
        SetUp(true);
        SetGro(gro);
    }

    public void Delete()
    {
        if (IsTap)
            _taps!.Dispose();
        else
            NearSpace!.Shell("ip", "link", "del", "dev", Name);
        Close();
        (NearSpace, IsUp, IsFarUp) = (null, false, false);
    }

    public void SetUp(bool up)
    {
        SetNear(up ? "up" : "down");
        IsUp = up;
    }

    public void SetFarUp(bool up)
    {
        SetFar(up ? "up" : "down");
        IsFarUp = up;
        if (up)
            FarSpace.Shell("ip", "route", "replace", "default", "dev", FarName, "table", $"{Table}");
    }

    public void SetMtu(int mtu)
    {
        SetNear("mtu", $"{mtu}");
        Mtu = mtu;
    }

    public void SetFarMtu(int mtu)
    {
        SetFar("mtu", $"{mtu}");
        FarMtu = mtu;
    }

    public void SetGro(bool on) => FarSpace.Shell("ethtool", "-K", FarName, "gro", on ? "on" : "off");

    public void SetNearGro(bool on) => NearSpace!.Shell("ethtool", "-K", Name, "gro", on ? "on" : "off");

    /// <summary>Turns an offload of the far end on or off.</summary>
    public void SetFarOffload(string feature, bool on) => FarSpace.Shell("ethtool", "-K", FarName, feature, on ? "on" : "off");

    /// <summary>Attaches a foreign program that passes all frames to the near end, or detaches it.</summary>
    public void SetXdp(string mode, string? objectFile) => SetNear(Program(mode, objectFile));

    /// <summary>Attaches the program to the far end, or detaches it.</summary>
    public void SetFarXdp(string mode, string? objectFile) => SetFar(Program(mode, objectFile));

    public void Rename(string to)
    {
        SetNear("name", to);
        Name = to;
        _nearEnd?.Dispose();
        _nearEnd = null;
    }

    /// <summary>Moves the near end to another namespace and sets it up again.</summary>
    public void Move(NetworkNamespace to)
    {
        SetNear("netns", to.Path);
        NearSpace = to;
        _nearEnd?.Dispose();
        _nearEnd = null;
        ConfigureNear();
        SetUp(true);
    }

    /// <summary>Moves the far end to another namespace and sets it up again.</summary>
    public void MoveFar(NetworkNamespace to)
    {
        FarSpace.Shell("ip", "addr", "del", $"{Source}/32", "dev", "lo");
        SetFar("netns", to.Path);
        FarSpace = to;
        Close();
        ConfigureFar();
        SetFarUp(true);
    }

    public void Dispose()
    {
        Close();
        _taps?.Dispose();
    }

    public override string ToString() => NearSpace is null
        ? $"{Name}: deleted"
        : $"{(IsTap ? $"{tap} " : "")}{Name}{(IsVisible ? "" : " elsewhere")} {(IsUp ? "up" : "down")} mtu {Mtu}, {FarName}{(FarSpace == near ? " beside" : "")} {(IsFarUp ? "up" : "down")} mtu {FarMtu}";

    private int Table => 100 + number;

    // The stack of the far end sends what has its source by the far end alone, also to addresses that are local there.
    private void ConfigureFar()
    {
        FarSpace.Run(() =>
        {
            NetworkNamespace.DisableIpv6(FarName);
            AcceptLocal(FarName);
        });
        string[] commands =
        [
            $"ip link set dev {FarName} address {Mac} arp off",
            $"ip addr replace {Source}/32 dev lo",
            $"ip rule del pref {number} 2>/dev/null || true",
            $"ip rule add pref {number} from {Source} iif lo lookup {Table}",
            // Without a queue the kernel tells the sender what it drops on the way out (a veth has none).
            $"tc qdisc replace dev {FarName} root noqueue",
            .. tag.Attach(FarName),
        ];
        FarSpace.ShellWithInput(string.Join('\n', commands), "sh", "-e");
    }

    private void ConfigureNear()
    {
        NearSpace!.Run(() => NetworkNamespace.DisableIpv6(Name));
        if (!receivesAtNearEnd)
            return;
        NearSpace!.Run(() => AcceptLocal(Name));
        string[] commands = [$"ip link set dev {Name} address {Mac}", .. tag.Attach(Name)];
        NearSpace!.ShellWithInput(string.Join('\n', commands), "sh", "-e");
    }

    private static void AcceptLocal(string name)
    {
        File.WriteAllText($"/proc/sys/net/ipv4/conf/{name}/accept_local", "1");
        File.WriteAllText($"/proc/sys/net/ipv4/conf/{name}/rp_filter", "0");
    }

    private static string[] Program(string mode, string? objectFile) => objectFile is null ? [mode, "off"] : [mode, "obj", objectFile, "sec", "xdp"];

    private void SetNear(params string[] what) => NearSpace!.Shell("ip", ["link", "set", "dev", Name, .. what]);

    private void SetFar(params string[] what) => FarSpace.Shell("ip", ["link", "set", "dev", FarName, .. what]);

    private void Close()
    {
        _farEnd?.Dispose();
        _nearEnd?.Dispose();
        (_farEnd, _nearEnd) = (null, null);
    }
}
