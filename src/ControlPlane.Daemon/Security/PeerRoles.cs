using System.Globalization;
using ControlPlane.Core.Model;
using ControlPlane.Daemon.Options;
using Microsoft.Extensions.Options;

namespace ControlPlane.Daemon.Security;

/// <summary>The roles of users of this host: root and the daemon's own user are administrators; groups of the configuration have their roles.</summary>
internal sealed class PeerRoles(IOptions<ControlPlaneOptions> options)
{
    private const string GroupFile = "/etc/group";

    private readonly uint _ownUid = ReadOwnUid();
    private (DateTime Written, Dictionary<string, uint> Groups) _known = (default, []);

    /// <summary>Returns the role of a peer; null for none.</summary>
    public Role? Of(UnixPeer peer)
    {
        var access = options.Value.Access;
        return peer.Uid == 0 || peer.Uid == _ownUid || IsMember(peer, access.AdminGroup) ? Role.Admin
            : IsMember(peer, access.OperatorGroup) ? Role.Operator
            : IsMember(peer, access.ViewerGroup) ? Role.Viewer
            : null;
    }

    private bool IsMember(UnixPeer peer, string group) => group.Length > 0 && GidOf(group) is { } gid && (peer.Gid == gid || peer.Groups.Contains(gid));

    private uint? GidOf(string group)
    {
        if (uint.TryParse(group, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return number;
        // Somebody may add the group while the daemon runs.
        var written = File.GetLastWriteTimeUtc(GroupFile);
        var known = _known;
        if (known.Written != written)
            _known = known = (written, ReadGroups());
        return known.Groups.TryGetValue(group, out var gid) ? gid : null;
    }

    private static Dictionary<string, uint> ReadGroups()
    {
        var groups = new Dictionary<string, uint>(StringComparer.Ordinal);
        foreach (var line in File.Exists(GroupFile) ? File.ReadAllLines(GroupFile) : [])
        {
            if (line.Split(':') is [var name, _, var gid, ..] && uint.TryParse(gid, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                groups.TryAdd(name, number);
        }

        return groups;
    }

    // "Uid:", then the real and the effective user.
    private static uint ReadOwnUid() =>
        uint.Parse(File.ReadLines("/proc/self/status").First(l => l.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[2], CultureInfo.InvariantCulture);
}
