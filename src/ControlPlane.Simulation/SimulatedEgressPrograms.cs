using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Simulation;

/// <summary>The egress programs of a simulated host: names and parameters, without code.</summary>
internal sealed class SimulatedEgressPrograms(SimulatedHost host) : IEgressPrograms
{
    public IReadOnlyList<LoadedProgram> Adopt(WriterScope scope)
    {
        scope.Demand();
        lock (host.Lock)
            return [.. host.Programs.Values.OrderBy(p => p.Name, StringComparer.Ordinal)];
    }

    public LoadedProgram Load(WriterScope scope, string name, EgressProgramConfig spec)
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

    public EgressVerdict DryRun(EgressProgramConfig spec, ReadOnlyMemory<byte> frame)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(frame.Length, IEgressPrograms.MinFrameBytes);
        return spec.Template.Run(spec.Parameters, frame.Span) is { } leaves
            ? new EgressVerdict(XdpAction.Pass, leaves)
            : new EgressVerdict(XdpAction.Drop, default);
    }
}
