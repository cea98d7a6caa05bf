using ControlPlane.Core.Errors;
using ControlPlane.Core.Interfaces;
using ControlPlane.Core.Ports;
using ControlPlane.Core.Programs;

namespace ControlPlane.Kernel.Simulated;

/// <summary>
/// A host whose kernel is simulated: its interfaces, and what is pinned on it. It outlives the <see cref="SimulatedKernel"/>s that
/// open it one after the other, as a real kernel outlives daemons. It keeps the rules that the contract suite has proved on a
/// real kernel, and moves no frames.
/// </summary>
public sealed partial class SimulatedHost
{
    private readonly List<Action<LinkChanges>> _watchers = [];
    private uint _lastIfindex;
    private uint _lastId = 100;
    private InterfaceTable _interfaces = InterfaceTable.Empty;

    /// <summary>A host with a loopback interface only.</summary>
    public SimulatedHost() => AddInterface("lo", kind: null, features: XdpFeatures.None);

    /// <summary>A host for trying the API: loopback, and the interfaces sim0 to sim3, which accept redirected frames.</summary>
    public static SimulatedHost WithInterfaces()
    {
        var host = new SimulatedHost();
        for (var i = 0; i < 4; i++)
            host.AddInterface($"sim{i}");
        return host;
    }

    /// <summary>The interfaces.</summary>
    public InterfaceTable Interfaces => Volatile.Read(ref _interfaces);

    /// <summary>What was dropped: nothing, as no frame moves, but what a test says.</summary>
    public SimulatedDropCounters Drops { get; } = new();

    internal Lock Lock { get; } = new();

    internal Dictionary<string, SimulatedMap> Devmaps { get; } = new(StringComparer.Ordinal);

    internal Dictionary<string, TargetProgram> Targets { get; } = new(StringComparer.Ordinal);

    internal Dictionary<string, LoadedProgram> Programs { get; } = new(StringComparer.Ordinal);

    /// <summary>Adds an interface, up and with carrier, and gives its index: the next one, or the one asked for, which must be free.</summary>
    public uint AddInterface(
        string name,
        string? kind = "veth",
        XdpFeatures features = XdpFeatures.Basic | XdpFeatures.Redirect | XdpFeatures.NdoXmit,
        uint? ifindex = null)
    {
        var index = ifindex ?? 0;
        lock (Lock)
        {
            if (index == 0)
                index = ++_lastIfindex;
            else if (_interfaces.Find(index) is not null)
                throw new KernelException($"interface {name}", Errno.EBUSY, "EBUSY (Device or resource busy)");
            var info = new InterfaceInfo(index, name)
            {
                Kind = kind,
                Mac = new MacAddress(kind is null ? 0 : 0x02_00_00_00_00_00UL | _lastIfindex),
                Mtu = kind is null ? 65536u : 1500,
                IsUp = true,
                HasCarrier = true,
                TxQueues = 1,
                RxQueues = 1,
                XdpFeatures = features,
            };
            _interfaces = _interfaces.With(info);
        }

        Notify(name);
        return index;
    }

    /// <summary>Adds two veths that are each other's peer, up and with carrier, and accept no redirected frames.</summary>
    public void AddPair(string name, string peerName)
    {
        var ifindex = AddInterface(name, features: XdpFeatures.Basic | XdpFeatures.Redirect | XdpFeatures.RxSg);
        var peer = AddInterface(peerName, features: XdpFeatures.Basic | XdpFeatures.Redirect | XdpFeatures.RxSg);
        ChangeInterface(name, i => i with { LinkIfindex = peer });
        ChangeInterface(peerName, i => i with { LinkIfindex = ifindex });
    }

    /// <summary>Changes an interface; a changed name is a rename.</summary>
    public void ChangeInterface(string name, Func<InterfaceInfo, InterfaceInfo> change)
    {
        string newName;
        lock (Lock)
        {
            var changed = change(Require(name));
            newName = changed.Name;
            _interfaces = _interfaces.With(changed);
        }

        Notify(name, newName);
    }

    /// <summary>Removes an interface: as in the kernel, every element that points at it goes silently, and links on it are dead.</summary>
    public void RemoveInterface(string name)
    {
        InterfaceInfo[] gone;
        lock (Lock)
        {
            var going = Require(name);
            // A veth takes its peer along.
            gone = _interfaces.PeerOf(going) is { } peer ? [going, peer] : [going];
            foreach (var device in gone)
            {
                _interfaces = _interfaces.Without(device.Ifindex);
                foreach (var map in Devmaps.Values)
                    map.DeviceGone(device.Ifindex);
                foreach (var link in Targets.Values.Where(t => t.Ifindex == device.Ifindex).ToList())
                    Targets[link.Interface] = link with { Ifindex = 0 };
            }
        }

        Notify([.. gone.Select(i => i.Name)]);
    }

    /// <summary>Writes an element as somebody else would, past the daemon; null removes it.</summary>
    public void SetElementByHand(string devmap, uint key, KernelEntry? element)
    {
        lock (Lock)
        {
            if (element is { } there)
                Devmaps[devmap].Set(key, there);
            else
                Devmaps[devmap].Remove(key);
        }
    }

    /// <summary>Takes a devmap out of its slot as somebody else would.</summary>
    public void EmptySlotByHand(string devmap)
    {
        lock (Lock)
            Devmaps[devmap].ActiveMapId = 0;
    }

    /// <summary>Detaches a link as somebody else would: it stays pinned, dead.</summary>
    public void DetachByHand(string devmap, string interfaceName)
    {
        uint ifindex;
        lock (Lock)
        {
            var links = Devmaps[devmap].Links;
            ifindex = links[interfaceName].Ifindex;
            DetachXdp(ifindex);
            links[interfaceName] = links[interfaceName] with { Ifindex = 0 };
        }

        NotifyFeatures(ifindex);
    }

    internal uint NextId() => Interlocked.Increment(ref _lastId);

    internal IDisposable Watch(Action<LinkChanges> onChange)
    {
        lock (_watchers)
            _watchers.Add(onChange);
        return new Subscription(() =>
        {
            lock (_watchers)
                _watchers.Remove(onChange);
        });
    }

    private InterfaceInfo Require(string name) =>
        _interfaces.Find(name) ?? throw new KernelException($"interface {name}", Errno.ENODEV, "ENODEV (No such device)");

    private void Notify(params string[] names)
    {
        lock (_watchers)
            _watchers.ForEach(w => w(new LinkChanges(names.ToHashSet(StringComparer.Ordinal), Everything: false)));
    }

    private sealed class Subscription(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
