using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Simulation;

/// <summary>The pass program on a simulated host.</summary>
internal sealed class SimulatedPassPrograms(SimulatedHost host) : IPassPrograms
{
    public IReadOnlyList<PassProgram> Attached
    {
        get
        {
            lock (host.Lock)
                return [.. host.PassLinks.Values.OrderBy(t => t.Interface, StringComparer.Ordinal)];
        }
    }

    public IReadOnlyList<PassProgram> Adopt(WriterScope scope)
    {
        scope.Demand();
        return Attached;
    }

    public PassProgram? Find(string interfaceName)
    {
        lock (host.Lock)
            return host.PassLinks.GetValueOrDefault(interfaceName);
    }

    public PassProgram Attach(WriterScope scope, InterfaceInfo device)
    {
        scope.Demand();
        lock (host.Lock)
        {
            var linkId = host.AttachXdp("pass program", device, AttachMode.Native, host.PassProgramId);
            host.PassLinks[device.Name] = new PassProgram(device.Name, device.Ifindex, linkId, host.PassProgramId);
        }

        host.NotifyFeatures(device.Ifindex);
        lock (host.Lock)
            return host.PassLinks[device.Name];
    }

    public bool Detach(WriterScope scope, string interfaceName)
    {
        scope.Demand();
        PassProgram? link;
        lock (host.Lock)
        {
            if (!host.PassLinks.Remove(interfaceName, out link))
                return false;
            host.DetachXdp(link.Ifindex);
        }

        host.NotifyFeatures(link.Ifindex);
        return true;
    }
}
