using ControlPlane.Core.Entries;
using ControlPlane.Core.Ports;
using ControlPlane.Core.Programs;

namespace ControlPlane.Kernel.Simulated;

/// <summary>Egress programs that are only remembered.</summary>
internal sealed class SimulatedEgressPrograms(SimulatedHost host) : IEgressPrograms
{
    public IReadOnlyList<LoadedProgram> Adopt(WriterScope scope)
    {
        scope.Demand();
        lock (host.Lock)
            return [.. host.Programs.Values.OrderBy(p => p.Name, StringComparer.Ordinal)];
    }

    public LoadedProgram Load(WriterScope scope, string name, EgressProgramSpec spec)
    {
        scope.Demand();
        lock (host.Lock)
            return host.Programs[name] = new LoadedProgram(name, spec, host.NextId());
    }

    public bool Unload(WriterScope scope, string name)
    {
        scope.Demand();
        lock (host.Lock)
            return host.Programs.Remove(name);
    }

    public EntryCounters ReadCounters(string name) => default;

    public EgressVerdict DryRun(EgressProgramSpec spec, ReadOnlyMemory<byte> frame) => SimulatedTemplates.Run(spec, frame);
}
