using System.Globalization;

namespace ControlPlane.Core.Model;

/// <summary>The caller of a request: who, from where, and with which role. The log and the writer's commands carry it.</summary>
/// <param name="From">Where the request comes from: an address, or <c>unix</c>.</param>
public sealed record Caller(string From)
{
    /// <summary>The daemon itself.</summary>
    public static Caller Daemon { get; } = new("devmapd") { IsDaemon = true, Role = Model.Role.Admin };

    /// <summary>Whether the daemon itself is the caller.</summary>
    public bool IsDaemon { get; private init; }

    /// <summary>The role; null for none.</summary>
    public Role? Role { get; init; }

    /// <summary>The process at the other end of the unix socket; null over TCP.</summary>
    public UnixPeer? Peer { get; init; }

    /// <summary>The name of the token that the caller sent; null for none.</summary>
    public string? Token { get; init; }

    /// <summary>The name in the client certificate that gives the role; null for none.</summary>
    public string? Certificate { get; init; }

    /// <summary>Whether the caller is a browser that followed a login link.</summary>
    public bool IsLogin { get; init; }

    /// <summary>The limits of the token.</summary>
    public TokenLimits Limits { get; init; } = TokenLimits.None;

    /// <summary>Whether the caller has shown who it is.</summary>
    public bool IsKnown => IsDaemon || Peer is not null || Token is not null || Certificate is not null || IsLogin;

    /// <summary>Whether root asks, on the unix socket. Places are reserved for root, so that root can always see what is going on and stop it.</summary>
    public bool IsRoot => Peer is { Uid: 0 } && Token is null && Certificate is null;

    /// <summary>The account by which limits count the caller.</summary>
    public CallerAccount Account =>
        IsDaemon ? CallerAccount.Daemon
        : Token is not null ? new("token", Token)
        : Certificate is not null ? new("certificate", Certificate)
        : IsLogin ? new("login", "")
        : Peer is not null ? CallerAccount.OfUser(Peer.Uid)
        : CallerAccount.OfAddress(From.LastIndexOf(':') is > 0 and var port ? From[..port] : From);

    /// <summary>Returns who the caller is, in words.</summary>
    public override string ToString()
    {
        List<string> parts = [];
        if (IsDaemon)
            parts.Add("devmapd");
        if (Token is not null)
            parts.Add($"token {Token}");
        if (Certificate is not null)
            parts.Add($"certificate {Certificate}");
        if (IsLogin)
            parts.Add("login link");
        if (Peer is not null)
            parts.Add(Peer.ToString());
        return parts.Count == 0 ? "nobody" : string.Join(", ", parts);
    }
}

/// <summary>The callers that limits count as one: a token, a certificate, a user of this host, or an address.</summary>
/// <param name="Kind">The kind of identity.</param>
/// <param name="Name">The name; null for a user.</param>
/// <param name="Uid">The user; 0 for the other kinds.</param>
public readonly record struct CallerAccount(string Kind, string? Name, uint Uid = 0)
{
    /// <summary>The daemon itself.</summary>
    public static CallerAccount Daemon { get; } = new("devmapd", "");

    /// <summary>Returns the account of a user of this host.</summary>
    public static CallerAccount OfUser(uint uid) => new("uid", null, uid);

    /// <summary>Returns the account of all who connect from an address and do not show who they are.</summary>
    public static CallerAccount OfAddress(string address) => new("address", address);

    /// <inheritdoc/>
    public override string ToString() => Name is null ? string.Create(CultureInfo.InvariantCulture, $"{Kind} {Uid}") : $"{Kind} {Name}".TrimEnd();
}

/// <summary>The process at the other end of a unix socket, as the kernel knew it when it connected.</summary>
/// <param name="Uid">The user.</param>
/// <param name="Gid">The group.</param>
/// <param name="Pid">The process; 0 if it is in another PID namespace.</param>
/// <param name="Groups">The supplementary groups.</param>
/// <param name="Program">The name of the program; null if it cannot be seen.</param>
public sealed record UnixPeer(uint Uid, uint Gid, int Pid, IReadOnlyList<uint> Groups, string? Program)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"uid {Uid}, gid {Gid}, pid {Pid}{(Program is null ? "" : $" ({Program})")}");
}
