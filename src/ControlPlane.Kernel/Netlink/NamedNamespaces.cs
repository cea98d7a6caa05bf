using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Native;
using static ControlPlane.Kernel.Native.NetlinkConstants;

namespace ControlPlane.Kernel.Netlink;

/// <summary>
/// The names of network namespaces under <c>/run/netns</c>, as <c>ip netns</c> gives them, by their ids in this network namespace
/// (RTM_GETNSID). Safe on any thread.
/// </summary>
internal sealed class NamedNamespaces(NetlinkClient rtnetlink)
{
    private const string Folder = "/run/netns";
    private const int RequestBytes = 64;

    private readonly Lock _lock = new();
    private Dictionary<int, string> _names = [];
    private DateTime _asOf;

    /// <summary>Returns the name of the network namespace with this id; null if it has none.</summary>
    public string? Find(int id)
    {
        lock (_lock)
        {
            var changed = Directory.GetLastWriteTimeUtc(Folder);
            if (changed != _asOf)
                _asOf = ReadAll() ? changed : default;
            return _names.GetValueOrDefault(id);
        }
    }

    // Returns whether all names are known: "ip netns add" makes the file a moment before it is a namespace.
    private bool ReadAll()
    {
        var (names, complete) = (new Dictionary<int, string>(), true);
        foreach (var path in Directory.Exists(Folder) ? Directory.GetFiles(Folder) : [])
        {
            if (IdOf(path) is not { } id)
                complete = false;
            else if (id >= 0)
                names[id] = Path.GetFileName(path);
            else
                complete = false; // no id yet: it gets one with the first interface that has its peer there
        }

        _names = names;
        return complete;
    }

    private int? IdOf(string path)
    {
        try
        {
            using var file = FileDescriptor.Open(path, Libc.O_RDONLY);
            var request = new NetlinkRequest(stackalloc byte[RequestBytes], RTM_GETNSID);
            request.Append(0u); // struct rtgenmsg, one byte, and its padding
            request.Attribute(NETNSA_FD, (uint)file.Number);
            return rtnetlink.Ask<List<int>>(request.Message, out var ids, Collect) == 0 && ids.Count > 0 ? ids[0] : null;
        }
        catch (KernelException)
        {
            return null; // it went a moment ago, or it is not for this user
        }
    }

    private static void Collect(List<int> ids, in NetlinkMessage message)
    {
        if (message.Type != RTM_NEWNSID || !message.TryRead<uint>(out _, out var attributes))
            return;
        foreach (var attribute in attributes)
        {
            if (attribute.Type == NETNSA_NSID)
                ids.Add(attribute.Number<int>());
        }
    }
}
