using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Simulation;

namespace ControlPlane.TestCommon.Lab;

/// <summary>Changes a simulated host as somebody else on the host could, without the daemon.</summary>
public static class SimulatedForeignWriter
{
    /// <summary>Adds two veths that are each other's peer, up and with carrier, and accept no redirected frames.</summary>
    public static void AddPair(this SimulatedHost host, string name, string peerName)
    {
        const XdpFeatures Features = XdpFeatures.Basic | XdpFeatures.Redirect | XdpFeatures.RxSg;
        var (ifindex, peer) = (host.AddInterface(name, features: Features), host.AddInterface(peerName, features: Features));
        host.ChangeInterface(name, i => i with { LinkIfindex = peer });
        host.ChangeInterface(peerName, i => i with { LinkIfindex = ifindex });
    }

    /// <summary>Writes an element; null removes it.</summary>
    public static void SetElementByHand(this SimulatedHost host, string devmap, uint key, KernelEntry? element)
    {
        lock (host.Lock)
        {
            if (element is { } there)
                host.Devmaps[devmap].Set(key, there);
            else
                host.Devmaps[devmap].Remove(key);
        }
    }

    /// <summary>Removes a devmap from its slot.</summary>
    public static void EmptySlotByHand(this SimulatedHost host, string devmap)
    {
        lock (host.Lock)
            host.Devmaps[devmap].ActiveMapId = 0;
    }

    /// <summary>Removes a key from the table of entry ids, so that its frames are not counted for it.</summary>
    public static void StopCountingByHand(this SimulatedHost host, string devmap, uint key)
    {
        lock (host.Lock)
            host.Devmaps[devmap].Uncounted.Add(key);
    }

    /// <summary>Detaches a link. It stays pinned, dead.</summary>
    public static void DetachByHand(this SimulatedHost host, string devmap, string interfaceName)
    {
        uint ifindex;
        lock (host.Lock)
        {
            var links = host.Devmaps[devmap].Links;
            ifindex = links[interfaceName].Ifindex;
            host.DetachXdp(ifindex);
            links[interfaceName] = links[interfaceName] with { Ifindex = 0 };
        }

        host.NotifyFeatures(ifindex);
    }

    /// <summary>Detaches the pass program of an interface. The news of it does not reach the daemon.</summary>
    public static void DetachPassByHand(this SimulatedHost host, string interfaceName)
    {
        lock (host.Lock)
        {
            host.DetachXdp(host.PassLinks[interfaceName].Ifindex);
            host.PassLinks[interfaceName] = host.PassLinks[interfaceName] with { Ifindex = 0 };
        }
    }
}
