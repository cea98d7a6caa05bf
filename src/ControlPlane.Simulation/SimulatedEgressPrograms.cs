using System.Buffers.Binary;
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

    public EgressVerdict DryRun(EgressProgramConfig spec, ReadOnlyMemory<byte> frame) => SimulatedTemplates.Run(spec, frame);
}

/// <summary>Runs the templates of <c>bpf/egress.bpf.c</c> on a frame.</summary>
internal static class SimulatedTemplates
{
    private const int MacBytes = 6;
    private const int Addresses = 2 * MacBytes;
    private const int TagBytes = 4;
    private const ushort CustomerTag = 0x8100;
    private const ushort ServiceTag = 0x88a8;

    public static EgressVerdict Run(EgressProgramConfig spec, ReadOnlyMemory<byte> frame)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(frame.Length, IEgressPrograms.MinFrameBytes);
        var leaves = spec.Template switch
        {
            EgressTemplate.Drop => null,
            EgressTemplate.RewriteMac => Rewrite(spec, frame.ToArray()),
            EgressTemplate.PushVlan => Push(spec.VlanId.GetValueOrDefault(), frame.Span),
            EgressTemplate.PopVlan => Pop(frame.Span),
            EgressTemplate.Count => frame.ToArray(),
            _ => throw new ArgumentOutOfRangeException(nameof(spec), spec.Template, "not a template"),
        };
        return leaves is null ? new EgressVerdict(XdpAction.Drop, default) : new EgressVerdict(XdpAction.Pass, leaves);
    }

    private static byte[] Rewrite(EgressProgramConfig spec, byte[] frame)
    {
        spec.DestinationMac?.CopyTo(frame);
        spec.SourceMac?.CopyTo(frame.AsSpan(MacBytes));
        return frame;
    }

    private static byte[] Push(ushort vlan, ReadOnlySpan<byte> frame)
    {
        var tagged = new byte[frame.Length + TagBytes];
        frame[..Addresses].CopyTo(tagged);
        BinaryPrimitives.WriteUInt16BigEndian(tagged.AsSpan(Addresses), CustomerTag);
        BinaryPrimitives.WriteUInt16BigEndian(tagged.AsSpan(Addresses + 2), vlan);
        frame[Addresses..].CopyTo(tagged.AsSpan(Addresses + TagBytes));
        return tagged;
    }

    private static byte[]? Pop(ReadOnlySpan<byte> frame)
    {
        if (BinaryPrimitives.ReadUInt16BigEndian(frame[Addresses..]) is not (CustomerTag or ServiceTag))
            return frame.ToArray();
        return frame.Length < IEgressPrograms.MinFrameBytes + TagBytes ? null : [.. frame[..Addresses], .. frame[(Addresses + TagBytes)..]];
    }
}
