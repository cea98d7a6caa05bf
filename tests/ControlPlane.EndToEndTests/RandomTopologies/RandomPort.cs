using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.RandomTopologies;

/// <summary>
/// A veth of a random world, and what the test has made of it: everything that happens to it happens here, so what stands here is
/// true without asking anyone who is under test.
/// </summary>
internal sealed class RandomPort(NetworkNamespace near, string name, NetworkNamespace far, string farName) : IDisposable
{
    public const int UsualMtu = 1500;

    private FrameSocket? _farEnd;
    private FrameSocket? _nearEnd;

    /// <summary>The near end's name now.</summary>
    public string Name { get; private set; } = name;

    public string FarName { get; } = farName;

    /// <summary>Where the near end is now; null while it does not exist.</summary>
    public NetworkNamespace? NearSpace { get; private set; }

    public NetworkNamespace FarSpace { get; private set; } = far;

    public bool IsUp { get; private set; }

    public bool IsFarUp { get; private set; }

    public int Mtu { get; private set; } = UsualMtu;

    public int FarMtu { get; private set; } = UsualMtu;

    /// <summary>Whether the near end is where the daemon sees it.</summary>
    public bool IsInSight => NearSpace == near;

    /// <summary>Frames that come out by the near end.</summary>
    public FrameSocket? FarEnd => NearSpace is null ? null : _farEnd ??= FrameSocket.Open(FarSpace, FarName);

    /// <summary>Frames that come out by the far end.</summary>
    public FrameSocket? NearEnd => NearSpace is { } space ? _nearEnd ??= FrameSocket.Open(space, Name) : null;

    /// <summary>Whether frames as long as the near end's MTU allows can arrive on it.</summary>
    public bool BringsFullFrames => IsInSight && IsUp && IsFarUp && FarMtu >= Mtu;

    public void Create(bool gro)
    {
        near.Shell("ip", "link", "add", "name", Name, "type", "veth", "peer", "name", FarName, "netns", FarSpace.Path);
        (NearSpace, Mtu, FarMtu) = (near, UsualMtu, UsualMtu);
        near.Run(() => NetworkNamespace.DisableIpv6(Name));
        FarSpace.Run(() => NetworkNamespace.DisableIpv6(FarName));
        SetFarUp(true);
        SetUp(true);
        SetGro(gro);
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

    /// <summary>Has a program of somebody else's pass all that comes in at the near end, or none.</summary>
    public void SetXdp(string mode, string? objectFile) => SetNear(Program(mode, objectFile));

    /// <summary>The same at the far end.</summary>
    public void SetFarXdp(string mode, string? objectFile) => SetFar(Program(mode, objectFile));

    public void Rename(string to)
    {
        SetNear("name", to);
        Name = to;
        _nearEnd?.Dispose();
        _nearEnd = null;
    }

    /// <summary>Moves the near end, which the kernel sets down on the way.</summary>
    public void Move(NetworkNamespace to)
    {
        SetNear("netns", to.Path);
        NearSpace = to;
        _nearEnd?.Dispose();
        _nearEnd = null;
        to.Run(() => NetworkNamespace.DisableIpv6(Name));
        SetUp(true);
    }

    /// <summary>Moves the far end, which the kernel sets down on the way.</summary>
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
        ? $"{Name}: gone"
        : $"{Name}{(IsInSight ? "" : " elsewhere")} {(IsUp ? "up" : "down")} mtu {Mtu}, {FarName}{(FarSpace == near ? " in sight" : "")} {(IsFarUp ? "up" : "down")} mtu {FarMtu}";

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
