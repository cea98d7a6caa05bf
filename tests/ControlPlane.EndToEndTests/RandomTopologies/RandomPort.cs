using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.RandomTopologies;

/// <summary>
/// A veth of a random topology, with its expected state. All changes go through this object, so its state is known without asking the
/// daemon.
/// </summary>
internal sealed class RandomPort(NetworkNamespace near, string name, NetworkNamespace far, string farName) : IDisposable
{
    public const int UsualMtu = 1500;

    private FrameSocket? _farEnd;
    private FrameSocket? _nearEnd;

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

    /// <summary>Whether the near end is in the daemon's namespace.</summary>
    public bool IsVisible => NearSpace == near;

    /// <summary>Receives frames that leave by the near end.</summary>
    public FrameSocket? FarEnd => NearSpace is null ? null : _farEnd ??= FrameSocket.Open(FarSpace, FarName);

    /// <summary>Receives frames that leave by the far end.</summary>
    public FrameSocket? NearEnd => NearSpace is { } space ? _nearEnd ??= FrameSocket.Open(space, Name) : null;

    /// <summary>Whether frames as long as the near end's MTU allows can arrive on it.</summary>
    public bool ReceivesFullFrames => IsVisible && IsUp && IsFarUp && FarMtu >= Mtu;

    public void Create(bool gro)
    {
        near.Shell("ip", "link", "add", "name", Name, "type", "veth", "peer", "name", FarName, "netns", FarSpace.Path);
        (NearSpace, Mtu, FarMtu) = (near, UsualMtu, UsualMtu);
        near.Run(() => NetworkNamespace.DisableIpv6(Name));
        FarSpace.Run(() => NetworkNamespace.DisableIpv6(FarName));
        SetFarUp(true);
        SetUp(true);
        VethPair.SetPeer(FarSpace, FarName, gro, offloads: false);
    }

    public void Delete()
    {
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
        to.Run(() => NetworkNamespace.DisableIpv6(Name));
        SetUp(true);
    }

    /// <summary>Moves the far end to another namespace and sets it up again.</summary>
    public void MoveFar(NetworkNamespace to)
    {
        SetFar("netns", to.Path);
        FarSpace = to;
        Close();
        to.Run(() => NetworkNamespace.DisableIpv6(FarName));
        SetFarUp(true);
    }

    public void Dispose() => Close();

    public override string ToString() => NearSpace is null
        ? $"{Name}: deleted"
        : $"{Name}{(IsVisible ? "" : " elsewhere")} {(IsUp ? "up" : "down")} mtu {Mtu}, {FarName}{(FarSpace == near ? " beside" : "")} {(IsFarUp ? "up" : "down")} mtu {FarMtu}";

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
