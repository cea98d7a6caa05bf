using ControlPlane.Core.Attachments;
using ControlPlane.Core.Interfaces;
using ControlPlane.Core.Ports;

namespace ControlPlane.Simulation;

/// <summary>The pass program on a simulated host.</summary>
internal sealed class SimulatedPassPrograms(SimulatedHost host) : ITargetPrograms
{
    public IReadOnlyList<TargetProgram> Attached
    {
        get
        {
            lock (host.Lock)
                return [.. host.PassLinks.Values.OrderBy(t => t.Interface, StringComparer.Ordinal)];
        }
    }

    public IReadOnlyList<TargetProgram> Adopt(WriterScope scope)
    {
        scope.Demand();
        return Attached;
    }

    public TargetProgram Attach(WriterScope scope, InterfaceInfo device)
    {
        scope.Demand();
        lock (host.Lock)
        {
            var linkId = host.AttachXdp("pass program", device, AttachMode.Native, host.PassProgramId);
            host.PassLinks[device.Name] = new TargetProgram(device.Name, device.Ifindex, linkId, host.PassProgramId);
        }

        host.NotifyFeatures(device.Ifindex);
        lock (host.Lock)
            return host.PassLinks[device.Name];
    }

    public bool Detach(WriterScope scope, string interfaceName)
    {
        scope.Demand();
        TargetProgram? link;
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
