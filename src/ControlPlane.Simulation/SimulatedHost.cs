using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Simulation;

/// <summary>
/// A host with a simulated kernel: its interfaces and its pins. The host outlives the <see cref="SimulatedKernel"/>s that open
/// it one after the other, as a real kernel outlives daemons. The public methods are the changes that others make to the
/// interfaces of a host. The host keeps the rules that the contract suite has proved on a real kernel, and moves no frames.
/// </summary>
public sealed partial class SimulatedHost
{
    private readonly List<Action<LinkChanges>> _watchers = [];
    private uint _lastIfindex;
    private uint _lastId = 100;
    private InterfaceTable _interfaces = InterfaceTable.Empty;
    private (InterfaceTable? Of, InterfaceTable Table) _reported = (null, InterfaceTable.Empty);

    /// <summary>Creates a host with a loopback interface only.</summary>
    /// <param name="drops">The drop counters of the host; by default all are zero.</param>
    public SimulatedHost(IDropCounters? drops = null)
    {
        Drops = drops ?? new SimulatedDropCounters();
        AddInterface("lo", kind: null, features: XdpFeatures.None);
    }

    /// <summary>Creates a host for trying the API: loopback, and the interfaces sim0 to sim3, which accept redirected frames.</summary>
    public static SimulatedHost WithInterfaces()
    {
        var host = new SimulatedHost();
        for (var i = 0; i < 4; i++)
            host.AddInterface($"sim{i}");
        return host;
    }

    /// <summary>The clock of the host. Set before a switch is guarded.</summary>
    public TimeProvider Time { get; set; } = TimeProvider.System;

    /// <summary>Whether the kernel reports xdp-features: false for a kernel before Linux 6.3. Set before a kernel opens the host.</summary>
    public bool ReportsXdpFeatures { get; init; } = true;

    /// <summary>The interfaces, with all facts.</summary>
    public InterfaceTable Interfaces => Volatile.Read(ref _interfaces);

    internal IDropCounters Drops { get; }

    internal Lock Lock { get; } = new();

    internal Dictionary<string, SimulatedMap> Devmaps { get; } = new(StringComparer.Ordinal);

    /// <summary>The links of the pass program, by interface.</summary>
    internal Dictionary<string, PassProgram> PassLinks { get; } = new(StringComparer.Ordinal);

    internal Dictionary<string, LoadedProgram> Programs { get; } = new(StringComparer.Ordinal);

    /// <summary>Adds an interface that is up and has carrier. Returns its index: the next one, or the given one, which must be free.</summary>
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
                Offloads = Offloads.SendsPartialChecksums,
                PeerOffloads = kind == "veth" ? Offloads.None : null,
            };
            _interfaces = _interfaces.With(info);
        }

        Notify(name);
        return index;
    }

    /// <summary>Changes an interface. A changed name is a rename.</summary>
    public void ChangeInterface(string name, Func<InterfaceInfo, InterfaceInfo> change)
    {
        InterfaceInfo before, after;
        lock (Lock)
        {
            before = Require(name);
            after = change(before);
            _interfaces = _interfaces.With(after);
        }

        Notify([before.Name, after.Name, .. before.AltNames, .. after.AltNames]);
    }

    /// <summary>Sets or clears the flag that makes an interface promiscuous.</summary>
    internal void SetPromiscuous(uint ifindex, bool promiscuous)
    {
        InterfaceInfo device;
        lock (Lock)
        {
            device = _interfaces.Find(ifindex) ?? throw new KernelException($"RTM_SETLINK({ifindex})", Errno.ENODEV, "ENODEV (No such device)");
            if (device.HasPromiscuousFlag == promiscuous)
                return;
            _interfaces = _interfaces.With(device with { HasPromiscuousFlag = promiscuous, IsPromiscuous = promiscuous });
        }

        Notify(device.Name);
    }

    /// <summary>Removes an interface. As in the kernel, this silently removes each element that points at it, and its links become dead.</summary>
    public void RemoveInterface(string name)
    {
        InterfaceInfo[] removed;
        lock (Lock)
        {
            var device = Require(name);
            // A veth is removed together with its peer.
            removed = _interfaces.PeerOf(device) is { } peer ? [device, peer] : [device];
            foreach (var ifindex in removed.Select(i => i.Ifindex))
            {
                _interfaces = _interfaces.Without(ifindex);
                foreach (var map in Devmaps.Values)
                    map.RemoveDevice(ifindex);
                foreach (var link in PassLinks.Values.Where(t => t.Ifindex == ifindex).ToList())
                    PassLinks[link.Interface] = link with { Ifindex = 0 };
            }
        }

        Notify([.. removed.SelectMany(i => i.AltNames.Append(i.Name))]);
    }

    /// <summary>Returns an interface as the kernel reports it.</summary>
    internal InterfaceInfo? Reported(InterfaceInfo? info) => ReportsXdpFeatures ? info : info is null ? null : info with { XdpFeatures = null };

    /// <summary>Returns the interfaces as the kernel reports them; the same table while nothing changes.</summary>
    internal InterfaceTable Reported()
    {
        var interfaces = Interfaces;
        if (ReportsXdpFeatures)
            return interfaces;
        lock (_watchers)
        {
            if (!ReferenceEquals(_reported.Of, interfaces))
                _reported = (interfaces, interfaces.All.Aggregate(InterfaceTable.Empty, (table, info) => table.With(Reported(info)!)));
            return _reported.Table;
        }
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
