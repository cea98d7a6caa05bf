using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Simulation;

/// <summary>A rehearsal where no frame moves: it takes what the kernel takes, and counts nothing.</summary>
internal sealed class SimulatedRehearsal(SimulatedDevmap devmap, SimulatedHost host, SimulatedTable candidate) : IRehearsal
{
    public void Write(uint key, uint ifindex, string? egressProgram)
    {
        lock (host.Lock)
            candidate.Set(key, devmap.ElementOf(candidate, key, ifindex, egressProgram), null);
    }

    public void Begin(WriterScope scope) => scope.Demand();

    public RehearsalCounts Read() => new(Enum.GetValues<RehearsalVerdict>().ToDictionary(v => v, _ => default(EntryCounters)), []);

    public void End(WriterScope scope) => scope.Demand();

    public void Dispose()
    {
    }
}
