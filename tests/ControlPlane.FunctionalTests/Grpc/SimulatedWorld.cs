using ControlPlane.FunctionalTests.Scenarios;
using ControlPlane.Kernel.Simulated;

namespace ControlPlane.FunctionalTests.Grpc;

/// <summary>The <see cref="World"/> as a simulated host.</summary>
internal static class SimulatedWorld
{
    private const string Placeholder = "placeholder";

    public static SimulatedHost Create()
    {
        var host = new SimulatedHost();
        var last = host.Interfaces.Find("lo")!.Ifindex;
        foreach (var wanted in World.Interfaces.Where(i => i.Name != "lo").OrderBy(i => i.Ifindex))
        {
            // Indexes count up, as in the kernel: those in between are used and given back.
            for (; last < wanted.Ifindex - 1; last++)
            {
                host.AddInterface(Placeholder);
                host.RemoveInterface(Placeholder);
            }

            last = host.AddInterface(wanted.Name);
            host.ChangeInterface(wanted.Name, _ => wanted);
        }

        return host;
    }
}
