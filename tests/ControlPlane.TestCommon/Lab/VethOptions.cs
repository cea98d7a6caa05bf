namespace ControlPlane.TestCommon.Lab;

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

    /// <summary>Whether the near end accepts redirected frames from the start (<see cref="VethPair.EnablePeerReceive"/>).</summary>
    public bool AcceptsRedirect { get; init; }
}
