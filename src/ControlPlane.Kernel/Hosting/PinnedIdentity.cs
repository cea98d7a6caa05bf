using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using ControlPlane.Kernel.Probing;

namespace ControlPlane.Kernel.Hosting;

/// <summary>The identity that the pins of a pin root carry: an array of one element, which no program uses.</summary>
public static class PinnedIdentity
{
    private const uint Magic = 0x64697664; // "dvid"
    private const uint Version = 1;

    // The kernel takes a network namespace apart in the background, after its last process has ended.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Returns the path of the pin.</summary>
    public static string PathOf(string pinRoot) => Path.Combine(pinRoot, "identity");

    /// <summary>Returns the identity that the pins carry; null if there is none.</summary>
    /// <exception cref="ControlPlaneException">The pin is not ours.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static unsafe HostIdentity? Read(string pinRoot)
    {
        var path = PathOf(pinRoot);
        if (!File.Exists(path))
            return null;
        using var map = Pin.OpenMap(path, BpfConstants.BPF_F_RDONLY);
        var info = BpfInfo.OfMap(map);
        if (info.type != BpfConstants.BPF_MAP_TYPE_ARRAY || info.value_size != sizeof(Element))
            throw Pin.Foreign(path, "it is not the identity of devmapd's pins");
        KernelCall.Check(BpfMap.Lookup<Element>(map, 0, out var element), $"bpf_map_lookup_elem({path})");
        if (element.Magic != Magic || element.Version != Version)
            throw Pin.Foreign(path, "it is not the identity of devmapd's pins");
        return new HostIdentity(element.BootId, element.NamespaceCookie, element.NamespaceInode, element.DeviceMajor, element.DeviceMinor);
    }

    /// <summary>Pins an identity, in place of another.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    internal static unsafe void Write(string pinRoot, HostIdentity identity)
    {
        var path = PathOf(pinRoot);
        using var map = BpfMap.Create(BpfConstants.BPF_MAP_TYPE_ARRAY, "identity", (uint)sizeof(Element), 1);
        var element = new Element
        {
            Magic = Magic,
            Version = Version,
            BootId = identity.BootId,
            NamespaceCookie = identity.NamespaceCookie,
            NamespaceInode = identity.NamespaceInode,
            DeviceMajor = identity.DeviceMajor,
            DeviceMinor = identity.DeviceMinor,
            Padding = 0,
        };
        KernelCall.Check(BpfMap.Update(map, 0, element), $"bpf_map_update_elem({path})");
        if (File.Exists(path))
            File.Delete(path);
        Pin.Make(map, path);
    }

    /// <summary>Returns the names of the interfaces whose links under a pin root are alive, in whichever network namespace; waits for one that is going.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static IReadOnlyList<string> WaitForLiveLinks(string pinRoot)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (true)
        {
            var alive = FindLiveLinks(pinRoot);
            if (alive.Count == 0 || DateTime.UtcNow >= deadline)
                return alive;
            Thread.Sleep(TimeSpan.FromMilliseconds(50));
        }
    }

    private static List<string> FindLiveLinks(string pinRoot)
    {
        string[] parents = [.. Folders(DevmapPins.Parent(pinRoot)), PassProgramPins.Of(pinRoot).Folder];
        var alive = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var path in parents.Where(Directory.Exists).SelectMany(p => Directory.GetFiles(p, "*", SearchOption.AllDirectories)))
        {
            using var link = Pin.TryOpenLink(path);
            if (link is not null && BpfInfo.OfLink(link).xdp_ifindex != 0)
                alive.Add(PinName.Decode(Path.GetFileName(path)));
        }

        return [.. alive];

        static string[] Folders(string parent) => Directory.Exists(parent) ? Directory.GetDirectories(parent) : [];
    }

    private struct Element
    {
        public uint Magic;
        public uint Version;
        public Guid BootId;
        public ulong NamespaceCookie;
        public uint NamespaceInode;
        public uint DeviceMajor;
        public uint DeviceMinor;
        public uint Padding;
    }
}
