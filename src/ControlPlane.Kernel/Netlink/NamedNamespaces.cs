using System.Diagnostics;
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

    // Reading all names takes at most this part of the time, so that hundreds of namespaces do not slow link events down.
    private const int DutyCycle = 5;

    private readonly Lock _lock = new();
    private Dictionary<int, string> _names = [];
    private DateTime _asOf;
    private long _next;

    /// <summary>Returns the name of the network namespace with this id; null if it has none, or the name is not known yet.</summary>
    public string? Find(int id)
    {
        lock (_lock)
        {
            var changed = Directory.GetLastWriteTimeUtc(Folder);
            var isKnown = _names.TryGetValue(id, out var name);
            if ((isKnown && changed == _asOf) || Stopwatch.GetTimestamp() < _next)
                return name;
            // Also if the folder is the same: "ip netns add" makes the file a moment before it is a namespace, and a namespace gets its id
            // with the first interface that has its peer there.
            var started = Stopwatch.GetTimestamp();
            ReadAll();
            var now = Stopwatch.GetTimestamp();
            (_asOf, _next) = (changed, now + Math.Min((now - started) * DutyCycle, Stopwatch.Frequency / 20)); // the first reading compiles, too
            return _names.GetValueOrDefault(id);
        }
    }

    private void ReadAll()
    {
        var names = new Dictionary<int, string>();
        foreach (var path in Directory.Exists(Folder) ? Directory.GetFiles(Folder) : [])
        {
            if (IdOf(path) is >= 0 and var id)
                names[id] = Path.GetFileName(path);
        }

        _names = names;
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
